"""A document of alice's, and everybody at a browser."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import RefreshSession, User
from accounts.scopes import WHOLE
from documents import comments, permissions, services, sharing
from documents.models import Document
from tests.security.addresses import Address, addresses

WHO = ("nobody", "alice", "chief")


@pytest.fixture
def document(alice: User, bob: User, vera: User) -> Document:
    """Alice's; bob edits and vera views."""
    made = services.create_document(owner=alice, title="A plan", content="Some *words*.\n")
    sharing.set_role(made, user=bob, role="editor", actor=alice)
    sharing.set_role(made, user=vera, role="viewer", actor=alice)
    return made


@pytest.fixture
def chief(db: None) -> User:
    """Whoever may do everything in the admin."""
    return User.objects.create_superuser("chief", "chief@example.org", "correct horse battery staple")


@pytest.fixture
def browser(alice: User, chief: User) -> Callable[..., Client]:
    """`browser("alice")`: logged in, or not ("nobody"); what a view raises is answered, as it is in earnest."""

    def open_browser(who: str, **options: Any) -> Client:
        client = Client(raise_request_exception=False, **options)
        if who != "nobody":
            client.force_login({"alice": alice, "chief": chief}[who])
        return client

    return open_browser


@pytest.fixture
def everywhere(document: Document, alice: User, bob: User) -> list[Address]:
    """All addresses, of things that are there where we know of such; ending a log-in comes last."""
    link = sharing.create_link(document, role="viewer", expires_at=None, actor=alice).link
    session = RefreshSession.objects.get(pk=_session_of(bob))
    comment = comments.add(permissions.get_document(alice, document.id), author=alice, body="Why?", stretch=(0, 4))
    found = addresses(
        doc_id=document.id,
        document_id=document.id,
        version=1,
        user_id=bob.id,
        link_id=link.pk,
        comment_id=comment["id"],
        token_id=tokens.create_api_token(alice, "a program", WHOLE, None)[0].pk,
        documents_document=document.id,
        accounts_user=bob.id,
        accounts_refreshsession=session.pk,
        app_label="documents",
    )
    return sorted(found, key=lambda address: "out" in address.name)


def _session_of(user: User) -> UUID:
    return tokens.verify_access(tokens.start_session(user).access_token).session_id
