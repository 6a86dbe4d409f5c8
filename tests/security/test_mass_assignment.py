"""A request changes what it is for, whatever else stands in it: unknown members leave no trace (S28)."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from collabdocs.schema import Generator
from conftest import PASSWORD
from documents import sharing
from documents.models import Document

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor == "mongodb", reason="tries each call twice, and takes the first back"),
]
LONG_AGO = "2001-02-03T04:05:06Z"
FREE = {"documents.Checkpoint", "documents.SearchCopy"}  # copies of the log

# Columns of all tables, and names for what a caller would like to set; none is what a call asks for.
EXTRAS: dict[str, Any] = {
    **dict.fromkeys(("is_staff", "is_superuser", "is_active", "is_guest", "is_read_only", "resolved"), True),
    **dict.fromkeys(("created_at", "updated_at", "deleted_at", "purged_at", "locked_at", "erased_at"), LONG_AGO),
    **dict.fromkeys(("date_joined", "last_login", "last_used_at", "revoked_at", "ended_at", "committed_at"), LONG_AGO),
    "email_proved_at": LONG_AGO,
    **dict.fromkeys(("head", "length", "version_number", "pk_version"), 99),
    **dict.fromkeys(("username_key", "first_name", "last_name", "former_role", "digest", "token_id", "key"), "evil"),
    **{name: [1] for name in ("groups", "user_permissions", "abilities", "collaborators", "refresh_sessions")},
    "log": "evil",
    "quote": "evil",
}


def ids(mallory: User) -> dict[str, Any]:
    """What would make it somebody else's."""
    person = str(mallory.id)
    return dict.fromkeys(("owner", "owner_id", "author", "author_id", "user", "user_id", "created_by", "actor"), person)


CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "create": ("post", "/api/documents", {"title": "t", "content": "c"}),
    "put": ("put", "/api/documents/{doc}", {"title": "t", "content": "c"}),
    "patch": ("patch", "/api/documents/{doc}", {"title": "t"}),
    "add": ("post", "/api/documents/{doc}/collaborators", {"username": "carol", "role": "viewer"}),
    "change": ("patch", "/api/documents/{doc}/collaborators/{bob}", {"role": "viewer"}),
    "link": ("post", "/api/documents/{doc}/share-links", {"role": "viewer"}),
    "name": ("post", "/api/documents/{doc}/versions/1/name", {"name": "n"}),
    "restore": ("post", "/api/documents/{doc}/restore", {"version": 0}),
    "submit": (
        "post",
        "/api/documents/{doc}/operations",
        {"client_id": str(uuid.UUID(int=7)), "seq": 1, "base_version": 1, "operation": ["x"]},
    ),
    "comment": ("post", "/api/documents/{doc}/comments", {"body": "b", "range": [0, 1], "version": 1}),
    "me": ("patch", "/api/users/me", {"email": "new@example.org", "current_password": PASSWORD}),
    "token": ("post", "/api/users/me/tokens", {"name": "n", "scope": "read"}),
}


class State:
    """All rows, with what differs from one time to the next made alike."""

    def __init__(self, known: set[str]) -> None:
        self.known = known

    def now(self) -> dict[str, list[str]]:
        models = [model for model in apps.get_models() if model._meta.label not in FREE]
        assert {model._meta.label for model in apps.get_models()} > FREE
        return {model._meta.label: sorted(map(self._alike, model._default_manager.values())) for model in models}

    def _alike(self, row: dict[str, Any]) -> str:
        return json.dumps({name: self._value(name, value) for name, value in row.items()}, sort_keys=True, default=str)

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, datetime):
            return round((value - timezone.now()).total_seconds() / 600)
        if isinstance(value, uuid.UUID):
            return str(value) if str(value) in self.known else "made"
        if name in ("key", "digest", "token_id", "password") and value != "evil":
            return "made"
        return value


@pytest.mark.parametrize("call", CALLS)
def test_no_member_that_is_not_asked_for_has_an_effect(
    call: str, client_for: Callable[..., Any], users: dict[str, User], document: Document
) -> None:
    alice, state = users["alice"], State({*(str(user.id) for user in users.values()), str(document.id)})
    method, path, body = CALLS[call]
    url = path.format(doc=document.id, bob=users["bob"].id)
    client = client_for(alice)
    before = state.now()

    def send(body: dict[str, Any]) -> dict[str, list[str]]:
        with transaction.atomic():
            answer = getattr(client, method)(url, body, format="json")
            assert answer.status_code in (200, 201), answer.content
            after = state.now()
            transaction.set_rollback(True)
        return after

    plain = send(body)
    extras = {**EXTRAS, **ids(users["mallory"]), "id": str(uuid.uuid4()), "doc_id": None, "pk": str(uuid.uuid4())}
    assert send({**extras, **body}) == plain != before


def test_signing_up_makes_no_administrator(client_for: Callable[..., Any], db: None) -> None:
    body = {**EXTRAS, "username": "dora", "password": "correct horse battery", "id": str(uuid.uuid4())}
    assert client_for(None).post("/api/users", body, format="json").status_code == 201
    dora = User.objects.get(username="dora")
    assert (dora.is_staff, dora.is_superuser, dora.is_active, dora.first_name) == (False, False, True, "")
    assert str(dora.id) != body["id"] and dora.date_joined.year > 2001 and not dora.groups.exists()


def test_a_guest_gets_what_the_link_gives(client_for: Callable[..., Any], alice: User, document: Document) -> None:
    secret = sharing.create_link(document, role="viewer", expires_at=None, actor=alice).secret
    body = {**EXTRAS, "role": "owner", "doc_id": str(uuid.uuid4()), "secret": secret, "name": "Dora"}
    answer = client_for(None).post("/api/share-links/redeem", body, format="json")
    assert answer.json()["doc_id"] == str(document.id)
    guest = User.objects.exclude(guest_of=None).get()
    assert (guest.guest_of, guest.is_staff, guest.is_superuser) == (document.id, False, False)
    assert document.collaborators.get(user=guest).role == "viewer"


# What the API takes, by the name of its shape; a new member has to be thought of here.
TAKEN = {
    "AddCollaborator": {"username", "email", "role"},
    "AddComment": {"body", "parent", "range", "version"},
    "ChangeComment": {"body", "resolved"},
    "ChangeRole": {"role"},
    "ChangeUser": {"username", "email", "color", "password", "current_password"},
    "CreateDocument": {"title", "content"},
    "EraseUser": {"current_password"},
    "Grant": {"grant_type", "username", "password", "refresh_token"},
    "MakeApiToken": {"name", "scope", "doc_id", "expires_at"},
    "MakeShareLink": {"role", "expires_at"},
    "NameVersion": {"name"},
    "PatchDocument": {"title", "content", "version"},
    "PutDocument": {"title", "content", "version"},
    "RedeemShareLink": {"secret", "name"},
    "RestoreVersion": {"version"},
    "Revoke": {"token", "token_type_hint"},
    "SignUp": {"username", "email", "password"},
    "Submission": {"client_id", "seq", "base_version", "operation"},
}


def test_no_shape_takes_more_than_it_is_known_to() -> None:
    schema = Generator().get_schema()
    shapes, taken = schema["components"]["schemas"], set()
    for operation in (operation for operations in schema["paths"].values() for operation in operations.values()):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            reference = media["schema"].get("$ref", "")
            if name := reference.rpartition("/")[2]:  # files have none
                taken.add(name)
                assert set(shapes[name]["properties"]) == TAKEN[name], name
    assert taken == set(TAKEN)
