"""The way back in by mail: S25 (nobody learns who is here), S41 (the link's host) and S44 (one use) of our list of
attacks."""

import logging
import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import mails, reset_forms, services, throttles, tokens
from accounts.errors import InvalidToken
from accounts.models import User

ASK, SENT = "/password-reset/", "/password-reset/sent/"
NEW = "another quite long secret"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _real_addresses(settings):
    settings.ROOT_URLCONF = "collabdocs.urls"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def asks(email: str, **extra):
    answer = Client().post(ASK, {"email": email}, **extra)
    mails.letters.join()
    return answer


def link_in(letter) -> str:
    """The path that the link of a mail leads to."""
    return re.search(r"https?://[^/]+(/password-reset/\S+)", letter.body)[1]


def link_for(email: str) -> str:
    asks(email)
    return link_in(mail.outbox[-1])


def form_at(link: str, browser: Client):
    """Where the link leads: a form, or the words that it does not work."""
    return browser.get(link, follow=True)


def works(link: str) -> bool:
    return form_at(link, Client()).context["validlink"]


def sets(link: str, password: str = NEW):
    browser = Client()
    shown = form_at(link, browser)
    return browser.post(shown.request["PATH_INFO"], {"password": password})


def test_it_works(alice, password):
    pair, browser = tokens.start_session(alice), Client()
    browser.force_login(alice)
    answer = asks("Alice@EXAMPLE.org")
    assert (answer.status_code, answer["Location"]) == (302, SENT)
    [letter] = mail.outbox
    assert letter.to == ["alice@example.org"] and "alice" in letter.body
    answer = sets(link_in(letter))
    assert (answer.status_code, answer["Location"]) == (302, "/log-in/")
    assert services.check_password(None, username="alice", password=NEW) == alice
    with pytest.raises(InvalidToken):
        tokens.verify_access(pair.access_token)
    assert browser.get("/account/").status_code == 302


def test_the_log_in_page_leads_there():
    assert f'href="{ASK}"' in Client().get("/log-in/").content.decode()


def test_the_link_leads_to_a_page_without_the_token(alice):
    link = link_for("alice@example.org")
    shown = form_at(link, Client())
    token = link.split("/")[-2]
    assert token not in shown.request["PATH_INFO"] and token not in shown.content.decode()
    assert "no-store" in shown["Cache-Control"] and shown["Referrer-Policy"] == "same-origin"


# --- Who is here ---


def test_nobody_learns_who_is_here(users):
    services.erase_user(users["bob"])
    User.objects.filter(username="carol").update(is_active=False)
    names = ("alice", "bob", "carol", "nobody")
    answers = [asks(f"{name}@example.org") for name in names]
    assert {(answer.status_code, answer["Location"], answer.content) for answer in answers} == {(302, SENT, b"")}
    assert [letter.to for letter in mail.outbox] == [["alice@example.org"]]


def test_the_answer_waits_for_no_mail(alice, monkeypatch):
    """What an address costs that somebody has: one mail to be written later, by another thread."""
    posted = []
    monkeypatch.setattr(mails, "post", posted.append)
    monkeypatch.setattr(reset_forms, "send_mail", lambda *args: pytest.fail("sent while the answer waits"))
    asks("alice@example.org")
    asks("nobody@example.org")
    assert len(posted) == 1


def test_known_and_unknown_cost_the_same_queries(alice, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(mails, "post", lambda letter: None)
    for email in ("alice@example.org", "nobody@example.org"):
        with django_assert_num_queries(1):
            asks(email)


@pytest.mark.parametrize(
    "email", ["", "nonsense", "a@b", "alice@example.org\r\nBcc: eve@example.org", "x" * 400 + "@b.org"]
)
def test_what_is_no_address_is_refused(alice, email):
    assert asks(email).status_code == 200
    assert mail.outbox == []


def test_a_guest_and_who_has_no_address_get_none(alice):
    User.objects.filter(pk=alice.pk).update(email=None)
    assert asks("alice@example.org")["Location"] == SENT
    assert mail.outbox == []


def test_asking_is_counted_by_mail_and_by_address(users, settings):
    settings.RATE_LIMITS = True
    for email in ("alice@example.org", "nobody@example.org"):
        throttles.own_count.clear()
        codes = [asks(email, REMOTE_ADDR=f"10.0.0.{n}").status_code for n in range(throttles.RESET_BY_MAIL.limit + 1)]
        assert codes == [302] * throttles.RESET_BY_MAIL.limit + [429]
    answers = [asks(f"n{n}@example.org", REMOTE_ADDR="10.9.9.9") for n in range(throttles.RESET_BY_ADDRESS.limit + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {302}
    assert answers[-1].status_code == 429 and 0 < int(answers[-1]["Retry-After"]) <= 3600


def test_another_spelling_of_an_address_is_that_address(alice, settings):
    settings.RATE_LIMITS = True
    spellings = ["alice@example.org", "ALICE@example.org", " alice@EXAMPLE.org "]
    codes = [asks(spellings[n % 3]).status_code for n in range(throttles.RESET_BY_MAIL.limit + 1)]
    assert codes[-1] == 429


# --- The link's host ---


def test_the_link_leads_to_a_host_of_ours(alice, settings):
    settings.ALLOWED_HOSTS = ["docs.example.org"]
    assert asks("alice@example.org", HTTP_HOST="evil.example").status_code == 400
    assert mail.outbox == []
    asks("alice@example.org", HTTP_HOST="docs.example.org", HTTP_X_FORWARDED_HOST="evil.example")
    assert "http://docs.example.org/password-reset/" in mail.outbox[0].body and "evil" not in mail.outbox[0].body


def test_with_https_it_is_https(alice, settings):
    settings.HTTPS = True
    asks("alice@example.org")
    assert "https://testserver/password-reset/" in mail.outbox[0].body


def test_a_server_that_takes_every_name_sends_no_links(alice, settings):
    settings.ALLOWED_HOSTS = ["*"]
    for email in ("alice@example.org", "nobody@example.org"):
        answer = asks(email, HTTP_HOST="evil.example")
        assert answer.status_code == 200 and "not been told its name" in answer.content.decode()
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("host", "extra", "origin"),
    [
        ("docs.example.org:6666", {}, "http://docs.example.org"),
        ("docs.example.org:8000", {"SERVER_PORT": "8000"}, "http://docs.example.org:8000"),
        ("docs.example.org:8443", {}, "http://docs.example.org"),
        ("localhost:6666", {}, "http://localhost:6666"),
        ("app.localhost:6666", {}, "http://app.localhost:6666"),
        ("127.0.0.1:6666", {}, "http://127.0.0.1:6666"),
        ("[::1]:6666", {}, "http://[::1]:6666"),
        ("docs.example.org.:6666", {}, "http://docs.example.org"),
    ],
)
def test_the_link_has_no_port_of_the_askers(alice, settings, host, extra, origin):
    """Where somebody else may listen on the same machine."""
    settings.ALLOWED_HOSTS = ["docs.example.org", ".localhost", "localhost", "127.0.0.1", "[::1]"]
    asks("alice@example.org", HTTP_HOST=host, **extra)
    assert f"\n{origin}/password-reset/" in mail.outbox[0].body


@pytest.mark.parametrize("behind", [False, True])
def test_a_port_that_we_were_told_of_is_in_the_link(alice, settings, behind):
    settings.ALLOWED_HOSTS, settings.BEHIND_PROXY, settings.HTTPS = ["docs.example.org"], behind, True
    settings.CSRF_TRUSTED_ORIGINS = ["https://docs.example.org:8443"]
    for port in ("8443", "8444"):
        asks("alice@example.org", HTTP_HOST=f"docs.example.org:{port}", SERVER_PORT="80")
    told, made_up = (letter.body for letter in mail.outbox)
    assert "https://docs.example.org:8443/password-reset/" in told and "https://docs.example.org/pass" in made_up


def test_behind_a_proxy_our_own_port_is_not_the_proxys(alice, settings):
    settings.ALLOWED_HOSTS, settings.BEHIND_PROXY = ["docs.example.org"], True
    asks("alice@example.org", HTTP_HOST="docs.example.org:8000", SERVER_PORT="8000")
    assert "http://docs.example.org/password-reset/" in mail.outbox[0].body


# --- One use ---


def test_a_link_works_once(alice):
    link = link_for("alice@example.org")
    assert works(link) and works(link), "looking at it is no use of it"
    sets(link)
    assert not works(link)
    assert sets(link, "yet another long secret").status_code == 200
    assert User.objects.get(pk=alice.pk).check_password(NEW)


def log_in(user):
    User.objects.filter(pk=user.pk).update(last_login=timezone.now())


@pytest.mark.parametrize(
    "change",
    [
        lambda user: services.change_user(user, password="yet another long secret"),
        lambda user: services.change_user(user, email="alice@example.net"),
        services.erase_user,
        lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
        log_in,
    ],
    ids=["password", "address", "erased", "inactive", "log-in"],
)
def test_a_link_ends_with_what_it_was_for(alice, change):
    link = link_for("alice@example.org")
    assert works(link)
    change(User.objects.get(pk=alice.pk))
    assert not works(link)


def test_a_link_ends_by_itself(alice, settings):
    link = link_for("alice@example.org")
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert not works(link)


def test_a_link_is_for_one_person(alice, bob):
    alices, bobs = link_for("alice@example.org"), link_for("bob@example.org")
    (*_, token, _), (_, _, bob_id, _, _) = alices.split("/"), bobs.split("/")
    assert not works(f"/password-reset/{bob_id}/{token}/")
    browser = Client()
    form_at(alices, browser)  # its token lies in the browser's session now
    browser.post(f"/password-reset/{bob_id}/set-password/", {"password": NEW})
    assert not User.objects.get(pk=bob.pk).check_password(NEW)


@pytest.mark.parametrize("person", ["x", "MTIz", "%00", "_____w", "0" * 500])
@pytest.mark.parametrize("token", ["set-password", "x-y", "x", "1-" + "0" * 64])
def test_a_made_up_link_does_not_work(alice, person, token):
    assert not works(f"/password-reset/{person}/{token}/")


@pytest.mark.parametrize("bad", ["12345678", "        ", "alice@example.org", "x" * 1025, ""])
def test_a_bad_password_shows_the_form_again(alice, bad, password):
    link = link_for("alice@example.org")
    answer = sets(link, bad)
    assert answer.status_code == 200 and answer.context["form"].errors["password"]
    assert User.objects.get(pk=alice.pk).check_password(password) and works(link)


# --- When mail fails ---


def test_a_mail_that_fails_is_told_without_an_address(alice, monkeypatch, caplog):
    def refuse(*args):
        raise OSError("alice@example.org: refused")

    with monkeypatch.context() as patch:
        patch.setattr(reset_forms, "send_mail", refuse)
        assert asks("alice@example.org")["Location"] == SENT
    assert "A mail could not be sent: OSError" in caplog.text and "alice" not in caplog.text
    asks("alice@example.org")
    assert len(mail.outbox) == 1, "the next one is sent"


def test_the_token_stands_in_no_log(alice, caplog):
    with caplog.at_level(logging.DEBUG):
        link = link_for("alice@example.org")
        sets(link)
        form_at(link, Client())
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert not any(link.split("/")[-2] in line for line in lines)
