"""What is kept of a person beside the documents themselves, as files for their export."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import orjson

from accounts import api_tokens, sessions
from accounts.models import User
from documents.models import Comment

PROFILE, COMMENTS = "profile.json", "comments.json"
MANY = 500  # documents asked about at once


def papers(user: User, documents: Sequence[UUID]) -> Iterator[tuple[str, bytes]]:
    """Who they are here, and what they said of these documents."""
    yield PROFILE, _json(_profile(user))
    yield COMMENTS, _json({"comments": list(_comments(user, documents))})


def _profile(user: User) -> dict[str, Any]:
    facts = {name: getattr(user, name) for name in ("id", "username", "email", "color", "date_joined", "last_login")}
    tokens = [{"name": token.name, "created_at": token.created_at} for token in api_tokens.live_tokens(user)]
    live = sessions.live_sessions(user).values("created_at", "expires_at")
    return {**facts, "sessions": list(live), "api_tokens": tokens}


def _comments(user: User, documents: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(documents), MANY):
        some = Comment.objects.filter(document_id__in=documents[start : start + MANY], author_id=user.id)
        for comment in some.filter(deleted_at=None).order_by("created_at", "pk"):
            facts = {"doc_id": comment.document_id, "body": comment.body, "created_at": comment.created_at}
            yield {"id": comment.pk, **facts, "quote": comment.quote, "parent": comment.parent_id}


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)
