import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError

from accounts import sockets, tokens
from accounts.sockets import SUBPROTOCOL, identify, origin_allowed


def handshake(*, bearer=None, subprotocols=(SUBPROTOCOL,), scheme="ws", host="localhost", **headers):
    given = {"host": host, **headers, **({} if bearer is None else {"authorization": f"Bearer {bearer}"})}
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items() if value is not None]
    return {"type": "websocket", "scheme": scheme, "subprotocols": list(subprotocols), "headers": pairs}


@pytest.fixture
def token(transactional_db, alice) -> str:
    return tokens.start_session(alice).access_token


async def test_it_works(token, alice):
    identity = await identify(handshake(bearer=token))
    assert identity is not None and identity.user_id == alice.id


async def test_a_browser_offers_the_token_as_a_subprotocol(token, alice):
    identity = await identify(handshake(subprotocols=[SUBPROTOCOL, f"bearer.{token}"]))
    assert identity is not None and identity.username == "alice"


async def test_a_token_is_verified_in_place_too(token, alice):
    identity = await sockets.verify(token)
    assert identity is not None and identity.user_id == alice.id
    assert await sockets.verify("garbage") is None


async def test_without_our_subprotocol_nobody_comes_in(token):
    assert await identify(handshake(bearer=token, subprotocols=[])) is None
    assert await identify(handshake(subprotocols=[f"bearer.{token}"])) is None


@pytest.mark.parametrize("bad", ["", "garbage", "a.b.c", "é"])
async def test_a_bad_token_is_nobody(transactional_db, bad):
    assert await identify(handshake(bearer=bad)) is None
    assert await identify(handshake(subprotocols=[SUBPROTOCOL, f"bearer.{bad}"])) is None


async def test_no_token_is_nobody(transactional_db):
    assert await identify(handshake()) is None
    assert await identify({"type": "websocket"}) is None


async def test_cookies_and_the_query_count_for_nothing(token):
    scope = handshake(cookie=f"sessionid=x; access_token={token}")
    assert await identify({**scope, "query_string": f"token={token}".encode()}) is None


async def test_a_revoked_session_and_an_inactive_user_are_nobody(token, alice, bob):
    bobs = await sync_to_async(tokens.start_session)(bob)
    await sync_to_async(tokens.revoke)(token)
    bob.is_active = False
    await bob.asave()
    assert await identify(handshake(bearer=token)) is None
    assert await identify(handshake(bearer=bobs.access_token)) is None


async def test_a_refresh_token_is_nobody(transactional_db, alice):
    pair = await sync_to_async(tokens.start_session)(alice)
    assert await identify(handshake(bearer=pair.refresh_token)) is None


async def test_an_outage_is_not_a_refusal(monkeypatch):
    def away(token):
        raise DatabaseError

    monkeypatch.setattr(tokens, "verify_access", away)
    with pytest.raises(DatabaseError):
        await identify(handshake(bearer="x"))


@pytest.fixture
def _hosts(settings):
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", ".example.org"]
    settings.ALLOWED_ORIGINS = ["https://editor.example.com"]


@pytest.mark.usefixtures("_hosts")
@pytest.mark.parametrize(
    ("origin", "scheme"),
    [
        (None, "ws"),
        (None, "wss"),
        ("http://localhost", "ws"),
        ("http://localhost:8000", "ws"),
        ("http://LOCALHOST:8000", "ws"),
        ("https://docs.example.org", "wss"),
        ("http://[::1]:8000", "ws"),
        ("https://editor.example.com", "ws"),
    ],
)
def test_our_own_pages_may_open_a_socket(origin, scheme):
    assert origin_allowed(handshake(origin=origin, scheme=scheme))


@pytest.mark.usefixtures("_hosts")
@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "NULL",
        "https://evil.example",
        "http://evil.example",
        "https://localhost.evil.example",
        "http://localhost.evil.example",
        "https://evilexample.org",
        "http://localhost@evil.example",
        "https://localhost@evil.example",
        "http://localhost#@evil.example",
        "http://localhost/..evil.example",
        "file://",
        "ftp://localhost",
        "localhost",
        "//localhost",
        "http:localhost",
        "http://",
        "*",
        "http://editor.example.com",
        "http://localhost http://evil.example",
    ],
)
def test_foreign_pages_may_not(origin, scheme):
    assert not origin_allowed(handshake(origin=origin, scheme=scheme))


@pytest.mark.usefixtures("_hosts")
def test_the_scheme_must_be_ours():
    assert not origin_allowed(handshake(origin="https://localhost", scheme="ws"))
    assert not origin_allowed(handshake(origin="http://localhost", scheme="wss"))


@pytest.mark.usefixtures("_hosts")
def test_two_origins_are_one_too_many():
    scope = handshake(origin="http://localhost")
    assert not origin_allowed({**scope, "headers": [*scope["headers"], (b"origin", b"http://localhost")]})


def test_a_trusted_proxy_says_the_scheme(settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert origin_allowed(handshake(origin="https://localhost", x_forwarded_proto="https"))
    assert not origin_allowed(handshake(origin="https://localhost"))


def test_where_any_host_is_let_in_the_page_must_come_from_the_one_addressed(settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert origin_allowed(handshake(origin="http://any.example:8000", host="any.example:8000"))
    assert not origin_allowed(handshake(origin="http://evil.example", host="any.example"))
