"""A document with everybody on it: alice owns it, bob edits, carol comments, vera views."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.response import Response

from accounts.models import User
from documents import services, sharing
from documents.models import Document, Role


@pytest.fixture
def document(alice, bob, carol, vera) -> Document:
    made = services.create_document(owner=alice, title="A story", content="the cat")
    for user, role in ((bob, Role.EDITOR), (carol, Role.COMMENTER), (vera, Role.VIEWER)):
        sharing.set_role(made, user=user, role=role, actor=alice)
    return made


@pytest.fixture
def ask(client_for) -> Callable[..., Response]:
    """`ask(bob, "put", url, {"content": "x"}, if_match='"1"')`: one request as somebody, or as nobody (None)."""

    def ask(user: User | None, method: str, url: str, body: Any = None, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(client_for(user), method)(url, body, format="json" if method != "get" else None, headers=named)

    return ask
