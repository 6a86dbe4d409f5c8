"""A name or an address changes only so often: each try tells whether it is taken, and letters go out (S25, S27)."""

import pytest
from django.core import mail
from django.test import Client

from accounts import mails, services, throttles
from accounts.models import User
from accounts.services import PRESENCE_COLORS
from accounts.throttles import Rate

ME, FEW = "/api/users/me", 3


@pytest.fixture(autouse=True)
def _limited(settings):
    settings.RATE_LIMITS = True
    settings.ROOT_URLCONF = "collabdocs.urls"


@pytest.fixture
def few(monkeypatch):
    """`few("LOOK_UPS_BY_USER")`: three of that."""

    def set_rate(name: str) -> None:
        monkeypatch.setattr(throttles, name, Rate(name, FEW, 60))

    return set_rate


def changes(user: User, **given: str) -> int:
    """The status of the answer to a program."""
    try:
        services.change_user(User.objects.get(pk=user.pk), **given)
    except throttles.TooOften as refusal:
        return refusal.status
    return 200


def test_names(client_for, alice):
    client, limit = client_for(alice), throttles.CHANGES_BY_USER.limit
    answers = [client.patch(ME, {"username": f"alice {n}"}, format="json") for n in range(limit + 1)]
    assert [answer.status_code for answer in answers] == [200] * limit + [429]
    assert answers[-1].json()["code"] == "rate_limited" and 0 < int(answers[-1]["Retry-After"]) <= 3600
    alice.refresh_from_db()
    assert alice.username == f"alice {limit - 1}"


def test_letters_to_one_address_are_few(users, few):
    """Also where one person after another has it."""
    few("CHANGES_BY_MAIL")
    for n, name in enumerate(("bob", "carol", "vera", "mallory")):
        services.change_user(users[name], email="")
        statuses = [changes(users[name], email=email) for email in ("victim@example.org", f"n{n}@example.org")]
        assert statuses == [200, 200 if n < FEW else 429]
    mails.letters.join()
    assert len([letter for letter in mail.outbox if letter.to == ["victim@example.org"]]) == FEW


@pytest.mark.parametrize("asked", [{"username": "bob"}, {"email": "bob@example.org"}, {"username": "\u202e"}])
def test_what_is_refused_is_a_look_up_and_no_change(alice, bob, few, asked, monkeypatch):
    few("LOOK_UPS_BY_USER")
    few("CHANGES_BY_USER")
    codes = []
    for _ in range(FEW + 1):
        try:
            codes.append(changes(alice, **asked))
        except services.ValidationError:
            codes.append(400)
    assert codes == [400] * FEW + [429]
    monkeypatch.setattr(throttles, "LOOK_UPS_BY_USER", Rate("others", FEW, 60))
    assert [changes(alice, username=f"Alice {n}") for n in range(FEW)] == [200] * FEW


def test_the_same_again_and_a_colour_are_no_change(alice, few):
    few("LOOK_UPS_BY_USER")
    given = {"username": "alice", "email": "ALICE@example.org"}
    assert {changes(alice, color=PRESENCE_COLORS[n], **given) for n in range(2 * FEW)} == {200}


def test_the_page_says_so(alice, few):
    few("CHANGES_BY_USER")
    browser = Client()
    browser.force_login(alice)
    form = {"action": "profile", "email": alice.email, "color": ""}
    answers = [browser.post("/account/", form | {"username": f"alice {n}"}) for n in range(FEW + 1)]
    assert [answer.status_code for answer in answers] == [302] * FEW + [429]
    assert "Too many attempts" in answers[-1].content.decode() and 0 < int(answers[-1]["Retry-After"]) <= 60


@pytest.mark.parametrize("name", ["https://evil.example", "evil.example", "x" * 41, "Win now! Call 555", "a/b"])
def test_a_letter_holds_no_words_of_the_sender(alice, name):
    services.change_user(alice, username=name)
    services.change_user(alice, email="new@example.org")
    mails.letters.join()
    [letter] = mail.outbox
    assert letter.body.startswith("Hello,\n") and name not in letter.body


@pytest.mark.parametrize("name", ["alice", "José O'Neil", "हिन्दी", "李小龍", "Anna-Maria_7"])
def test_a_letter_greets_by_a_name(name):
    assert mails.greeted(name) == name
