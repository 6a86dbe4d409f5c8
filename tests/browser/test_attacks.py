"""Pages of other sites, in the browser of somebody who is logged in; and the policy, where cleaning has failed."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page, Route

from documents.tests.nasty_markdown import HTML
from tests.browser.desk import Desk, Person

NEIGHBOUR, STRANGER = "127.0.0.1", "evil.localhost"
REFUSALS = "WebSocket connection|status of|CORS|Failed to load|ERR_|X-Frame-Options|Refused|frame-ancestors|blocked"
OPENS_A_SOCKET = """([address, protocols]) => new Promise((done) => {
  const socket = new WebSocket(address, protocols);
  socket.onopen = () => { socket.close(); done("open"); };
  socket.onclose = ({ code }) => done(code);
})"""
ASKS = """([address, options]) => fetch(address, { credentials: "include", ...options }).then(
  (answer) => answer.text().then((text) => [answer.type, text]),
  () => ["refused", ""],
)"""
FORM = "<form method=post action={address}><input name=title value=x><input name=action value=remove></form>"


class Site(ThreadingHTTPServer):
    """Another site, really served: Chromium asks where a page came from before it lets it ask this machine."""

    def __init__(self, host: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.host, self.body = host, ""
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.server_port}/"


class Answer(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<!doctype html>{self.server.body}".encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=[NEIGHBOUR, STRANGER], ids=["another port", "another host"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """To a page on another port of our host the browser sends our cookies, whatever SameSite says."""
    site = Site(request.param)
    yield site
    site.shutdown()
    site.server_close()


@pytest.fixture
def victim(desk: Desk) -> Person:
    desk.expects(REFUSALS)
    return desk.person("alice")


@pytest.fixture
def lured(victim: Person, site: Site) -> Callable[..., Page]:
    """`lured("<p>")`: alice looks at a page of the other site."""

    def open_page(body: str = "") -> Page:
        site.body = body
        page = victim.context.new_page()
        page.goto(site.url)
        return page

    return open_page


def test_a_page_elsewhere_opens_no_socket(desk: Desk, victim: Person, lured: Callable[..., Page], site: Site) -> None:
    """Cookies are no token; and with one that was stolen, too, the page must be ours."""
    doc_id = desk.document("secret")
    address = f"{desk.server.socket_url}/ws/{doc_id}"
    page = lured()
    for protocols in (["collabdocs.v1"], ["collabdocs.v1", "bearer.x"], []):
        assert page.evaluate(OPENS_A_SOCKET, [address, protocols]) == 1006
    stolen = ["collabdocs.v1", f"bearer.{desk.server.tokens['alice']}"]
    assert page.evaluate(OPENS_A_SOCKET, [address, stolen]) == ("open" if site.host == NEIGHBOUR else 1006)


def test_a_page_elsewhere_reads_nothing_and_gets_no_token(
    desk: Desk, victim: Person, lured: Callable[..., Page]
) -> None:
    doc_id = desk.document("secret")
    page = lured()
    for path in (f"/api/documents/{doc_id}", f"/documents/{doc_id}/", f"/api/documents/{doc_id}/events", "/account/"):
        assert page.evaluate(ASKS, [desk.server.url + path, {}]) == ["refused", ""]
    asked = {"method": "POST", "headers": {"Content-Type": "text/plain"}}
    assert page.evaluate(ASKS, [f"{desk.server.url}/session/token", asked]) == ["refused", ""]
    blind = page.evaluate(ASKS, [f"{desk.server.url}/session/token", asked | {"mode": "no-cors"}])
    assert blind == ["opaque", ""]


def test_a_form_elsewhere_changes_nothing(desk: Desk, victim: Person, lured: Callable[..., Page]) -> None:
    doc_id = desk.document("kept")
    before = victim.asks("GET", "/documents")["count"]
    paths = ["/documents/new", f"/documents/{doc_id}/delete", f"/documents/{doc_id}/share/", "/account/"]
    for path in paths:
        page = lured(FORM.format(address=desk.server.url + path))
        with page.expect_navigation():
            page.evaluate("document.forms[0].submit()")
        assert page.url == desk.server.url + path and page.title().startswith("Please try again"), path
        page.close()
    assert victim.asks("GET", "/documents")["count"] == before
    assert victim.asks("GET", f"/documents/{doc_id}")["content"] == "kept"
    assert len(victim.asks("GET", f"/documents/{doc_id}/collaborators")) == 3


def test_no_page_of_ours_is_shown_inside_another(desk: Desk, victim: Person, lured: Callable[..., Page]) -> None:
    doc_id = desk.document("secret")
    for path in ("/documents/", f"/documents/{doc_id}/", f"/api/documents/{doc_id}/html", "/admin/"):
        page = lured(f"<iframe src={desk.server.url}{path}></iframe>")
        page.wait_for_load_state()
        [frame] = page.frames[1:]
        assert frame.url.startswith("chrome-error:") or "secret" not in frame.content(), path
        page.close()


# --- The policy alone ---

CLICKED = [
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<form action='http://evil.example/'><button>x</button></form>",
    "<button formaction='http://evil.example/' onclick='alert(1)'>x</button>",
]
PUT_IN = [*HTML, *CLICKED, "<script src=data:,alert(1)></script>", "<script src=//evil.example/x.js></script>"]


class Reader:
    """A page of ours whose body has become something else; hears of what it tries to do."""

    def __init__(self, person: Person, path: str) -> None:
        self.person, self.path = person, path
        self.host = person.url
        self.tried: list[str] = []
        self.body = ""

    def reads(self, body: str) -> None:
        """In a tab of its own: where a click leads, the next page must not meet it."""
        self.body, page = body, self._tab()
        page.goto(self.host + self.path)
        for each in page.locator("a, button").all()[:1]:
            each.click(no_wait_after=True, timeout=2000)
        page.wait_for_timeout(20)
        page.close()

    def _tab(self) -> Page:
        page = self.person.context.new_page()
        page.on("dialog", lambda dialog: (self.tried.append(dialog.message), dialog.dismiss()))
        page.route("**/*", self._hear)
        page.route(f"**{self.path}", self._answer)
        return page

    def _answer(self, route: Route) -> None:
        answer = route.fetch()
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        route.fulfill(response=answer, body=f"<!doctype html><body>{self.body}")

    def _hear(self, route: Route) -> None:
        """What the policy has let pass."""
        if not route.request.url.startswith(self.host):
            self.tried.append(route.request.url)
        route.abort()


def test_without_the_policy_it_would_run(desk: Desk) -> None:
    """Else the test below would prove nothing."""
    desk.expects(".*")
    reader = Reader(desk.person("alice", bypass_csp=True), "/documents/")
    reader.reads("<img src=x onerror=alert(1)>")
    assert reader.tried == ["1"]
    reader.reads(CLICKED[0])
    assert reader.tried == ["1", "1"]


def test_what_gets_into_a_page_does_not_run(desk: Desk) -> None:
    desk.expects(".*")
    reader = Reader(desk.person("alice"), "/documents/")
    for body in PUT_IN:
        reader.reads(body)
        assert reader.tried == [], body
