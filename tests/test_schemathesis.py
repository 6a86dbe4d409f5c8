"""The API keeps its schema, whatever it is asked: no 5xx, no status, type, header or member that was not told.

schemathesis makes the requests out of the schema itself, good and bad ones. Each is asked as alice, who owns what
is there, as mallory, who may see nothing, and as nobody. SCHEMA_EXAMPLES says how many random requests each
operation gets beside those at the bounds of each parameter; the dice fall alike in every run.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from accounts import tokens
from accounts.models import User
from conftest import PASSWORD
from documents import services, sharing
from documents.models import Document, Role

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", 50))
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
]
CONFIG: dict[str, Any] = {
    "generation": {"with-security-parameters": False, "deterministic": True},
    "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
    "warnings": False,
}
USES_UP = {  # a document or a person, so that the next request needs new ones
    "delete_document",
    "add_collaborator",
    "change_collaborator",
    "remove_collaborator",
    "change_me",
    "erase_me",
    "sign_out_everywhere",
}
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),  # WSGI waits for the whole of it
]

CONFIGURED = SchemathesisConfig.from_dict(CONFIG)
api = schemathesis.openapi.from_wsgi("/api/schema", get_wsgi_application(), config=CONFIGURED)
api_with_ends = api.exclude(operation_id="follow_document")  # to who may follow, it answers without an end
quickly = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """All requests see the test's own transaction."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.fixture
def story(alice: User, bob: User) -> Callable[[], Document]:
    """A document of alice's with some history; a new one, when the last one may have been used up."""

    def write() -> Document:
        document = services.create_document(owner=alice, title="A story", content="the cat\n")
        services.replace_content(document, "the black 🐈 cat\n", author=bob)
        sharing.set_role(document, user=bob, role=Role.EDITOR, actor=alice)
        return document

    return write


class Asking:
    """Sends what schemathesis thinks of, about what is really there."""

    def __init__(self, write: Callable[[], Document], user: User | None, bob: User) -> None:
        self.write, self.user, self.bob = write, user, bob
        self.document, self.token = write(), self.new_token()

    def new_token(self) -> str | None:
        return tokens.start_session(self.user).access_token if self.user else None

    def __call__(self, case: Any) -> None:
        self.speaks_of_what_is_there(case)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        case.call_and_validate(headers=headers)
        if case.operation.definition.raw.get("operationId") in USES_UP:
            self.begins_anew()

    def speaks_of_what_is_there(self, case: Any) -> None:
        """An id that could be becomes one that is."""
        there = {"doc_id": self.document.id, "user_id": self.bob.id}
        for name, known in there.items():
            given = (case.path_parameters or {}).get(name)
            if is_uuid(given):
                case.path_parameters[name] = str(known)

    def begins_anew(self) -> None:
        if self.user and not User.objects.filter(pk=self.user.pk, is_active=True).exists():
            name = f"again-{uuid4().hex[:12]}"
            self.user = User.objects.create_user(name, f"{name}@example.org", PASSWORD)
        self.document, self.token = self.write(), self.new_token()


def is_uuid(given: object) -> bool:
    try:
        return bool(UUID(str(given)))
    except ValueError:
        return False


@pytest.fixture
def as_alice(story: Callable[[], Document], alice: User, bob: User) -> Asking:
    return Asking(story, alice, bob)


@pytest.fixture
def as_mallory(story: Callable[[], Document], mallory: User, bob: User) -> Asking:
    return Asking(story, mallory, bob)


@pytest.fixture
def as_nobody(story: Callable[[], Document], bob: User) -> Asking:
    return Asking(story, None, bob)


@api_with_ends.parametrize()
@quickly
def test_alice_asks(case: Any, as_alice: Asking) -> None:
    as_alice(case)


@api.parametrize()
@quickly
def test_mallory_asks(case: Any, as_mallory: Asking) -> None:
    as_mallory(case)


@api.parametrize()
@quickly
def test_nobody_asks(case: Any, as_nobody: Asking) -> None:
    as_nobody(case)
