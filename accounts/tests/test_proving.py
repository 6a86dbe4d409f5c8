"""An address is proved by a letter that is answered while logged in, or by a password that was set by mail."""

import os
import re
import subprocess
import sys

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import mails, services, throttles
from accounts.models import User
from accounts.tests.test_password_reset import link_for, sets

PAGE, ASK = "/account/", {"action": "prove-email"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sends_mail(settings):
    settings.ROOT_URLCONF, settings.SENDS_MAIL = "collabdocs.urls", True


@pytest.fixture
def browser(client, alice) -> Client:
    client.force_login(alice)
    return client


def link_to(browser: Client) -> str:
    """The path in the letter that the account page's button sends."""
    assert browser.post(PAGE, ASK)["Location"] == PAGE
    mails.letters.join()
    return re.search(r"http://testserver(/account/prove-email/\S+)", mail.outbox[-1].body)[1]


def is_proved(user: User) -> bool:
    return User.objects.get(pk=user.pk).email_proved_at is not None


def offers(answer) -> bool:
    return "Yes, it is mine" in answer.content.decode()


def test_it_works(browser, alice):
    assert "Send me the letter" in browser.get(PAGE).content.decode()
    link = link_to(browser)
    assert mail.outbox[-1].to == ["alice@example.org"] and "Hello alice," in mail.outbox[-1].body
    shown = browser.get(link)
    assert offers(shown) and "no-store" in shown["Cache-Control"] and not is_proved(alice)
    assert browser.post(link)["Location"] == PAGE
    assert is_proved(alice)
    assert "Send me the letter" not in browser.get(PAGE).content.decode()


def test_somebody_elses_address_is_not_proved_by_their_opening_the_link(client_for, browser, alice, bob):
    """Mallory gives the boss's address as hers, and has the boss click."""
    link = link_to(browser)
    stranger, boss = Client(), Client()
    boss.force_login(bob)
    assert "/log-in/?next=" in stranger.post(link)["Location"]
    for answer in (boss.get(link), boss.post(link)):
        assert answer.status_code == 200 and not offers(answer)
    assert not is_proved(alice) and not is_proved(bob)


def test_a_form_of_another_site_is_refused(browser, alice):
    link, elsewhere = link_to(browser), Client(enforce_csrf_checks=True)
    elsewhere.force_login(alice)
    assert elsewhere.post(link).status_code == 403 and elsewhere.post(PAGE, ASK).status_code == 403
    assert not is_proved(alice)


@pytest.mark.parametrize("email", ["other@example.org", ""])
def test_a_link_is_for_the_address_that_it_was_sent_to(browser, alice, email):
    link = link_to(browser)
    services.change_user(User.objects.get(pk=alice.pk), email=email)
    assert not offers(browser.get(link)) and not offers(browser.post(link)) and not is_proved(alice)
    services.change_user(User.objects.get(pk=alice.pk), email="alice@example.org")
    assert not is_proved(alice)


def test_a_link_ends(browser, settings):
    link = link_to(browser)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert not offers(browser.get(link))


@pytest.mark.parametrize("token", ["x", "x-y", "1-" + "0" * 64, "%00", "x" * 5000])
def test_nonsense_is_no_link(browser, alice, token):
    answer = browser.post(f"/account/prove-email/{token}/")
    assert answer.status_code == 200 and not offers(answer) and not is_proved(alice)


def test_a_way_back_in_is_no_proof_of_this_kind_and_the_other_way_round(browser, alice):
    link, way_back = link_to(browser), link_for("alice@example.org")
    token, other = link.split("/")[-2], way_back.split("/")[-2]
    assert not offers(browser.get(link.replace(token, other)))
    assert not Client().get(way_back.replace(other, token), follow=True).context["validlink"]


def test_a_password_that_was_set_by_mail_is_a_proof(alice):
    sets(link_for("alice@example.org"))
    assert is_proved(alice)


def proved(user: User) -> User:
    User.objects.filter(pk=user.pk).update(email_proved_at=timezone.now())
    return User.objects.get(pk=user.pk)


def test_another_address_is_not_proved(alice, bob, client):
    services.change_user(proved(alice), email="new@example.org")
    assert not is_proved(alice)
    client.force_login(User.objects.create_superuser("root", None, None))
    body = {"username": "bob", "email": "new-bob@example.org", "is_active": "on"}
    assert client.post(f"/admin/accounts/user/{proved(bob).pk}/change/", body).status_code == 302
    assert not is_proved(bob)


def test_the_same_address_stays_proved(alice):
    services.change_user(proved(alice), username="Alice B", email="ALICE@example.org", color="")
    assert is_proved(alice)


def test_an_erased_person_has_no_address(alice):
    services.erase_user(proved(alice))
    assert not is_proved(alice)


def test_letters_are_few(browser, settings):
    settings.RATE_LIMITS = True
    limit = throttles.PROOFS_BY_MAIL.limit
    codes = [browser.post(PAGE, ASK).status_code for _ in range(limit + 1)]
    mails.letters.join()
    assert codes == [302] * limit + [429] and len(mail.outbox) == limit


def test_who_needs_none_gets_none(browser, alice, settings):
    proved(alice)
    browser.post(PAGE, ASK)
    User.objects.filter(pk=alice.pk).update(email=None, email_proved_at=None)
    browser.post(PAGE, ASK)
    mails.letters.join()
    assert mail.outbox == []


def test_a_server_that_takes_every_name_sends_no_links(browser, settings):
    settings.ALLOWED_HOSTS = ["*"]
    browser.post(PAGE, ASK, headers={"Host": "evil.example"})
    mails.letters.join()
    assert mail.outbox == [] and "not been told its name" in browser.get(PAGE).content.decode()


def test_without_a_mail_server_each_is_believed(browser, alice, settings):
    assert User.objects.by_known_email("alice@example.org") is None
    settings.SENDS_MAIL = False
    assert User.objects.by_known_email("Alice@example.org") == alice
    assert "Send me the letter" not in browser.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("url", "sends"), [("", False), ("consolemail://", False), ("smtp+tls://u:p@mail.example:587", True)]
)
def test_which_servers_send_mail(url, sends):
    """The console's letters reach nobody."""
    code = "from collabdocs import settings; print(settings.SENDS_MAIL)"
    environment = os.environ | {"EMAIL_URL": url}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, timeout=60)
    assert said.stdout.decode().strip() == str(sends)
