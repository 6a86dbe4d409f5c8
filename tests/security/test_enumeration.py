"""What a stranger learns of who is here (S25): by logging in nothing, neither by words nor by time."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import mails, services
from accounts.models import User

pytestmark = pytest.mark.django_db

WHO = ("alice", "nobody", "asleep", "gone", "erased:1", "guest:1", "a" * 150, "ÄLICE", "alice@example.org")


class Counted(MD5PasswordHasher):
    """Counts how often a password is hashed."""

    algorithm, hashes = "counted", 0

    def encode(self, password: str, salt: str) -> str:
        Counted.hashes += 1
        return super().encode(password, salt)


@pytest.fixture
def _everybody(settings: Any, users: dict[str, User]) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]
    users["bob"].username = "asleep"
    users["bob"].is_active = False
    users["carol"].username = "gone"
    for user in users.values():
        user.set_password("correct horse battery")
        user.save()
    services.erase_user(users["carol"])


@pytest.mark.usefixtures("_everybody")
def test_a_log_in_tells_nothing(client_for: Callable[..., Any]) -> None:
    body = {"password": "wrong"}
    answers = [client_for(None).post("/api/token", {"username": name, **body}, format="json") for name in WHO]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    pages = [Client().post("/log-in/", {"username": name, **body}) for name in WHO]
    assert {page.status_code for page in pages} == {200}
    assert len({str(page.context["form"].non_field_errors()) for page in pages}) == 1


@pytest.mark.usefixtures("_everybody")
@pytest.mark.parametrize("name", WHO)
def test_nor_by_its_time(name: str, client_for: Callable[..., Any]) -> None:
    """What takes the time is the hash: each costs one. A query more or less is lost in any network."""
    for ask in (
        lambda: client_for(None).post("/api/token", {"username": name, "password": "wrong"}, format="json"),
        lambda: Client().post("/log-in/", {"username": name, "password": "wrong"}),
    ):
        Counted.hashes = 0
        ask()
        assert Counted.hashes == 1


def test_signing_up_tells_that_a_name_is_taken_and_no_more(users: dict[str, User], client_for: Any) -> None:
    """It has to: names are how people find each other. How often one may ask is counted by address."""
    body = {"username": "ALICE", "password": "correct horse battery"}
    answer = client_for(None).post("/api/users", body, format="json")
    assert [error["detail"] for error in answer.json()["errors"]] == ["This name is taken."]


def test_nobody_sees_an_address(users: dict[str, User], client_for: Any, document: Any) -> None:
    """To add somebody by an address takes the address, and gives the name; no answer shows others' addresses."""
    alice = client_for(users["alice"])
    paths = ("", "/collaborators", "/history", "/revisions", "/blame", "/versions/1", "/share-links", "/comments")
    said = "".join(alice.get(f"/api/documents/{document.id}{path}").content.decode() for path in paths)
    assert "bob" in said and "bob@" not in said and "@example.org" not in said
    added = {"email": "carol@example.org", "role": "viewer"}
    answer = alice.post(f"/api/documents/{document.id}/collaborators", added, format="json")
    assert answer.json() == {"user": {"id": str(users["carol"].id), "username": "carol"}, "role": "viewer"}


def test_a_reset_says_the_same_of_whoever_it_is_asked_for(users: dict[str, User]) -> None:
    User.objects.filter(username="bob").update(is_active=False)
    url = reverse("password-reset")
    addresses = ("alice@example.org", "nobody@example.org", "bob@example.org")
    answers = [Client().post(url, {"email": address}, follow=True) for address in addresses]
    assert len({(answer.status_code, answer.redirect_chain and answer.redirect_chain[-1]) for answer in answers}) == 1
    assert len({str(answer.content.decode().split("csrf")[0]) for answer in answers}) == 1
    mails.letters.join()
    assert [message.to for message in mail.outbox] == [["alice@example.org"]]
