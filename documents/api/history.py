"""The log of a document over HTTP: what was, who wrote it, and bringing it back."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.throttles import WriteThrottle
from accounts.user_throttles import ReadThrottle, WorkThrottle
from documents import history, services
from documents.api import preconditions, schema, serializers
from documents.api.base import DocumentActions
from documents.api.idempotency import once
from documents.history import Revision
from documents.ot.rebase import Entry, Submission, entry_fields

VERSION = r"versions/(?P<version>[0-9]{1,15})"


class Ranges:
    """What a paginator needs to cut pages from so many things that `read(skip, limit)` reads, newest first."""

    def __init__(self, count: int, read: Callable[[int, int], Sequence[Any]]) -> None:
        self._count = count
        self._read = read

    def count(self) -> int:
        return self._count

    def __getitem__(self, asked: slice) -> Sequence[Any]:
        return self._read(asked.start, asked.stop - asked.start)


@schema.HISTORY
class HistoryViewSet(DocumentActions):
    """Read a document's log in its many forms, and bring back what was."""

    takes = {
        "submit": serializers.SubmissionSerializer,
        "name_version": serializers.NameVersion,
        "restore": serializers.RestoreVersion,
    }

    @action(detail=True)
    def history(self, request: Request, doc_id: str) -> Response:
        """Committed operations, newest first."""
        document = self.document(doc_id)

        def read(skip: int, limit: int) -> Sequence[Entry]:
            return history.page(document.id, skip=skip, limit=limit, head=document.head)

        return self.ranges(Ranges(document.head, read), serializers.history_json)

    @action(detail=True, throttle_classes=[ReadThrottle, WorkThrottle])
    def revisions(self, request: Request, doc_id: str) -> Response:
        """The log folded for people: runs of one author without a long pause, and the names in them, newest first."""
        document = self.document(doc_id)
        count = history.count_revisions(document)

        def read(skip: int, limit: int) -> Sequence[Revision]:
            return history.revisions_upto(document.id, count - skip, limit=limit)

        def show(revisions: Sequence[Revision]) -> list[dict[str, Any]]:
            return serializers.revisions_json(revisions, history.names_within(document.id, revisions))

        return self.ranges(Ranges(count, read), show)

    @action(detail=True)
    def operations(self, request: Request, doc_id: str) -> Response:
        """Entries after `since`, oldest first, and the head."""
        document = self.document(doc_id)
        since, limit = self.whole("since", 0), self.whole("limit", 200)
        if not 1 <= limit <= 200:
            raise ValidationError({"limit": "must be from 1 to 200"})
        found = history.operations_since(document.id, since, limit)
        entries = [entry_fields(entry) | {"created_at": entry.created_at} for entry in found]
        head = max(document.head, found[-1].version) if found else document.head
        return Response({"version": head, "operations": entries})

    @operations.mapping.post
    def submit(self, request: Request, doc_id: str) -> Response:
        """Commit a submission, as the socket does."""
        document = self.document(doc_id, may="edit")
        given = self.checked(serializers.SubmissionSerializer)
        entry = services.submit(document.id, Submission(author=self.user.id, **given))
        return Response({"version": entry.version, "operation": entry.operation})

    # --- Versions ---

    @action(detail=True)
    def versions(self, request: Request, doc_id: str) -> Response:
        """The named versions, newest first; with `at`, the version that stood at that time."""
        document = self.document(doc_id)
        if (at := request.query_params.get("at")) is not None:
            return Response(serializers.version_json(history.version_at(document, moment(at))))
        page = self.paginate_queryset(history.named_versions(document.id)) or []
        return self.get_paginated_response(serializers.names_json(page))

    @action(detail=True, url_path=VERSION)
    def version(self, request: Request, doc_id: str, version: str) -> Response:
        """The text as it was at a version."""
        return Response(serializers.version_json(history.version_of(self.document(doc_id), int(version))))

    @action(detail=True, url_path=f"{VERSION}/name", methods=["post"])
    def name_version(self, request: Request, doc_id: str, version: str) -> Response:
        """Give a version a name, or another one; an empty name takes it away."""
        document = self.document(doc_id, may="edit")
        given = self.checked(serializers.NameVersion)
        named = services.name_version(document, int(version), given["name"], actor=self.user)
        return Response(status=204) if named is None else Response(serializers.names_json([named])[0])

    @action(detail=True, throttle_classes=[ReadThrottle, WorkThrottle])
    def diff(self, request: Request, doc_id: str) -> Response:
        """From the text at version `from` to the text at version `to` (the head, if left out)."""
        document = self.document(doc_id)
        start, end = self.whole("from", None), self.whole("to", document.head)
        found = history.difference(document, start, end)
        return Response({"from": start, "to": end, "operation": found.operation, "unified": found.unified})

    @action(detail=True, throttle_classes=[ReadThrottle, WorkThrottle])
    def blame(self, request: Request, doc_id: str) -> Response:
        """Who wrote the text at a version, from its start to its end."""
        document = self.document(doc_id)
        version, runs = history.runs_of(document, self.whole("version", document.head))
        return Response({"version": version, "runs": serializers.runs_json(runs)})

    @action(detail=True, methods=["post"], throttle_classes=[WriteThrottle, WorkThrottle])
    def restore(self, request: Request, doc_id: str) -> Response:
        """Make the text what it was at a version, by one new operation, merged with what came since If-Match."""
        document = self.document(doc_id, may="edit")
        given = self.checked(serializers.RestoreVersion)
        base = preconditions.base_version(request, None)
        strict = base is not None and preconditions.is_strict(request)

        def work(write_id: UUID | None) -> Response:
            services.restore_version(
                document, given["version"], author=self.user, base_version=base, strict=strict, client_id=write_id
            )
            return Response(self.shown(self.document(doc_id)))

        answer = once(request, work)
        answer["ETag"] = preconditions.etag(answer.data)
        return answer

    def ranges(self, ranges: Ranges, show: Callable[[Any], Any]) -> Response:
        """A page of something that is read by ranges."""
        page = self.paginate_queryset(ranges)  # type: ignore[arg-type]
        return self.get_paginated_response(show(page))


def moment(given: str) -> datetime:
    """A time as ISO 8601 says it; UTC, if it names no zone."""
    given = given.replace(" ", "+")  # a plus that was not escaped
    try:
        found = datetime.fromisoformat(given if given.isprintable() else "")  # it would overlook a NUL at the end
    except ValueError:
        raise ValidationError({"at": "must be a time by ISO 8601"}) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
