"""On a real MongoDB (REAL_MONGO=1, DATABASE_URL): the reads of every edit, page and log-in go by an index.

The emulator explains nothing. What is explained are the pipelines that our own functions have asked for.
"""

import os
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from bson import json_util
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from accounts import tokens
from accounts.models import User
from collabdocs.mongo.compiler import MongoQuery
from documents import logtable, permissions, services
from tests.mongo.plans import facts, is_by_index, scans

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not os.environ.get("REAL_MONGO"), reason="only a real MongoDB explains what it does"),
]

Asked = list[tuple[str, list[dict[str, Any]]]]
CLIENT = uuid4()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Collection and pipeline of all that is read from here on."""
    asked: Asked = []
    get_cursor = MongoQuery.get_cursor

    def recording(query: MongoQuery) -> Any:
        asked.append((query.compiler.collection_name, query.get_pipeline()))
        return get_cursor(query)

    monkeypatch.setattr(MongoQuery, "get_cursor", recording)
    return asked


READS: dict[str, Callable[[User, UUID], Any]] = {
    "the head": lambda _, document: logtable.newest(document),
    "a tail": lambda _, document: logtable.entries(document, after=0),
    "a page of history": lambda _, document: logtable.newest_first(document, upto=1, limit=20),
    "a client's newest": lambda _, document: logtable.newest_of(document, CLIENT),
    "a resend": lambda _, document: logtable.find(document, CLIENT, 1),
    "heads of open documents": lambda _, document: logtable.outgrown({document: 0}),
    "access": lambda alice, document: permissions.get_document(alice, document),
    "a role": lambda _, document: permissions.role_in(uuid4(), document),
    "log-in by name": lambda *_: User.objects.by_name("alice"),
    "log-in by address": lambda *_: User.objects.by_email("alice@example.org"),
    "a page's session": lambda *_: SessionStore("a" * 32).load(),
    "a token": lambda alice, _: tokens.revoked_sessions([alice.refresh_sessions.first().pk]),
}


def explained(collection: str, stages: list[dict[str, Any]]) -> dict[str, Any]:
    """How the server goes about it, and what it has looked at."""
    command = {"aggregate": collection, "pipeline": stages, "cursor": {}}
    plan: dict[str, Any] = connection.database.command("explain", command, verbosity="executionStats")
    return plan


@pytest.mark.parametrize("read", READS)
def test_by_an_index(alice: User, asked: Asked, read: str) -> None:
    document = services.create_document(owner=alice, content="cat")
    tokens.start_session(alice)
    asked.clear()
    READS[read](alice, document.id)
    assert asked
    for collection, stages in asked:
        plan = explained(collection, stages)
        assert scans(plan) == [] and is_by_index(plan), json_util.dumps(plan)


def test_the_head_is_one_entry_however_long_the_log(alice: User, asked: Asked) -> None:
    document = services.create_document(owner=alice, content="cat")
    for n in range(50):
        services.replace_content(document, f"cat {n}", author=alice)
    asked.clear()
    logtable.newest(document.id)
    plan = explained(*asked[0])
    assert {int(found) for key, found in facts(plan) if key == "totalDocsExamined"} == {1}, json_util.dumps(plan)
