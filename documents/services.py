"""The verbs: everything that changes a document goes through here, and every change of text through `submit`."""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.scopes import Scope
from documents import events, history, logtable, oplog, permissions, quota
from documents.copies import anchors, blame, cached, revisions, rows, texts
from documents.differences import diff
from documents.errors import Busy, CorruptLog, InvalidText, Stale, UnknownOutcome
from documents.models import Document, LogIdentity, NamedVersion
from documents.oplog import Log, Outcome
from documents.ot.operation import InvalidOperation, Operation, parse
from documents.ot.rebase import Entry, Limits, Refused, SeqReused, Submission, VersionTooOld, VersionUnknown

logger = logging.getLogger(__name__)

MAX_TITLE = 200
TRIES = 3
PATIENCE = 4.0  # seconds after which nothing is tried again; a try has the database's own time-outs
LOOKS_BACK = 20  # texts compared before a restore
LONG_REBASE = 500  # entries; a longer way to the head is gone before the commit, which others wait for
T = TypeVar("T")


def limits() -> Limits:
    return Limits(
        text=settings.MAX_TEXT_LENGTH,
        inserted=settings.MAX_INSERTED_LENGTH,
        components=settings.MAX_COMPONENTS,
        base_age=settings.MAX_BASE_AGE,
    )


def log_identity() -> str:
    """The name of this installation's history."""
    return str((_newest_identity() or _first_identity()).pk)


def new_log_identity() -> str:
    """Rename the history: an older backup was restored, and what was cached may mean another text."""
    return str(_name_anew().pk)


def _newest_identity() -> LogIdentity | None:
    return LogIdentity.objects.order_by("-created_at").first()


def _first_identity() -> LogIdentity:
    """Two who come first at once must not make two: the second would look like a restored backup."""
    with transaction.atomic():
        return _newest_identity() or _name_anew()


def _name_anew() -> LogIdentity:
    cached.forget_all()
    former, made = _newest_identity(), LogIdentity.objects.create()
    if former and former.created_at >= made.created_at:  # by a clock that was ahead
        LogIdentity.objects.filter(pk=made.pk).update(created_at=former.created_at + timedelta(seconds=1))
    return made


@dataclass(frozen=True, slots=True)
class Facts:
    """What a socket needs to know before it is let in."""

    role: str | None
    log: str
    client_owner: UUID | None


def facts_for(user_id: UUID, document_id: UUID, client_id: UUID, scope: Scope) -> Facts:
    """The user's role (None for no such document), the log's identity, and whom the client_id belongs to."""
    first = logtable.newest_of(document_id, client_id)
    return Facts(permissions.role_in(user_id, document_id, scope), log_identity(), first.author if first else None)


# --- Documents ------------------------------------------------------------------------------------------------


def create_document(*, owner: User, title: str = "", content: str = "", document_id: UUID | None = None) -> Document:
    """Make a document; its text, if any, is operation 1. Given the same id again, it is the same document.

    TooMany for who has as many as one may.
    """
    permissions.require_may_create(owner)
    title, content = clean_title(title), clean_text(content)
    if document_id is None or not Document.objects.filter(pk=document_id).exists():
        quota.require_room(owner)
        quota.require_pause(owner)  # else it would be left empty
    document = _insert_document(owner, title, document_id or uuid.uuid4())
    if content and document.owner_id == owner.id:  # the same again may have been handed over since
        first = uuid.uuid5(document.id, "initial text")
        replace_content(document, content, author=owner, base_version=0, client_id=first)
    return document


def rename_document(document: Document, *, title: str, actor: User) -> None:
    title = clean_title(title)
    if title == document.title:
        return
    Document.objects.filter(pk=document.id).update(title=title, updated_at=logtable.as_kept(timezone.now()))
    document.title = title
    events.announce(events.Renamed(document.id, title))


def clean_title(title: str) -> str:
    """A title is one line of at most 200 code points."""
    title = title.strip()
    if len(title) > MAX_TITLE:
        raise InvalidText(f"A title has at most {MAX_TITLE} characters.")
    clean_text(title)
    return "".join(" " if c in "\r\n\t" else c for c in title)


def _insert_document(owner: User, title: str, document_id: UUID) -> Document:
    now = logtable.as_kept(timezone.now())
    document = Document(pk=document_id, title=title, owner=owner, created_at=now, updated_at=now)
    try:
        with transaction.atomic():
            document.save(force_insert=True)
    except IntegrityError:
        return Document.objects.get(pk=document_id)
    return document


# --- Text -----------------------------------------------------------------------------------------------------


def open_log(document_id: UUID) -> Log:
    """A document's log, to be kept by whoever commits to it again and again; mends what a crash left of its row."""
    log = Log(document_id, limits())
    if newest := log.newest:
        rows.refresh_row(document_id, newest)
    return log


def commit(jobs: Sequence[tuple[Log, Sequence[Submission]]]) -> list[list[Outcome]]:
    """Commit what rooms have collected, and announce it. Raises UnknownOutcome: give the same again."""
    before = [log.head for log, _ in jobs]
    try:
        return oplog.append_all(jobs)
    finally:  # what got into a log is there, also when the rest failed
        for (log, _), head in zip(jobs, before, strict=True):
            _announce(log, head)


def bring_nearer(document_id: UUID, submission: Submission) -> Submission:
    """The same submission on a base near the head: it says the same, and is known again all the same.

    What is to be refused comes back as it is: the commit says so.
    """
    return Log(document_id, limits()).bring_nearer(submission)


def keep_copies(dirty: Sequence[tuple[UUID, int, Entry]]) -> None:
    """Bring copies up to the log, given (document, version of its copies, newest entry)."""
    for document_id, before, newest in dirty:
        rows.refresh_row(document_id, newest)
        texts.checkpoint_if_due(document_id, before, newest)
        blame.checkpoint_if_due(document_id, before, newest.version)
        revisions.fold_if_due(document_id, before, newest.version)
        anchors.bring_near_if_due(document_id, before, newest.version)
        cached.drop(document_id, before)


def submit(document_id: UUID, submission: Submission) -> Entry:
    """Commit one submission that came by another road than a room.

    Raises the log's refusals; TooOften for much in a short time; Busy when the database fails for longer than a few
    tries.
    """
    quota.count_written(submission.author, submission.operation)
    log = Log(document_id, limits())
    before = log.head
    if before - submission.base_version > LONG_REBASE:
        submission = log.bring_nearer(submission)
    outcome = _patiently(lambda: log.append([submission]))[0]
    if isinstance(outcome, Refused):
        raise outcome
    _announce(log, before)
    try:
        keep_copies([(document_id, before, outcome)])
    except Exception as error:  # the write is done, whatever becomes of copies: they may trail
        logger.warning("Copies of document %s trail: %r", document_id, error)
    return outcome


def replace_content(
    document: Document,
    content: str,
    *,
    author: User | None,
    base_version: int | None = None,
    strict: bool = False,
    client_id: UUID | None = None,
) -> Entry | None:
    """Turn the text at the base into `content`: the change is one operation, merged with what came since.

    Without a base the head on arrival is taken. None if nothing changes. `client_id` names the write, so that
    the same write given again is known again.
    """
    content = clean_text(content)
    if client_id and (earlier := logtable.find(document.id, client_id, seq=1)):
        return earlier
    base_version, text = _text_at_base(document.id, base_version)
    quota.count_compared(author, text, content)
    operation = diff(text, content)
    if not operation:
        if strict:
            require_head(document, base_version)
        return None
    try:
        return _submit_once(document.id, _whole_text(operation, base_version, author, client_id, strict))
    except VersionTooOld:
        if strict:
            raise Stale(version=_head(document.id)) from None
        raise


def restore_version(
    document: Document,
    version: int,
    *,
    author: User,
    base_version: int | None = None,
    strict: bool = False,
    client_id: UUID | None = None,
) -> Entry | None:
    """Make the text what it was at a version, by one new operation; None if it is that already.

    The change is made from the text at `base_version`, or at the head as it was when access was checked: what people
    type from there on is merged, as with any write.
    """
    content = clean_text(history.text_of(document, version))
    if strict:
        return replace_content(
            document, content, author=author, base_version=base_version, strict=True, client_id=client_id
        )
    if client_id and (earlier := logtable.find(document.id, client_id, seq=1)):
        return earlier
    base_version, text = _text_at_base(document.id, document.head if base_version is None else base_version)
    operation = diff(text, content)
    return (
        _restore(document.id, _whole_text(operation, base_version, author, client_id), content) if operation else None
    )


def _restore(document_id: UUID, submission: Submission, content: str) -> Entry | None:
    """Commit a restore, unless somebody who restored the same was faster: merged, both texts would stand there."""
    for _ in range(TRIES):
        nearer = bring_nearer(document_id, submission)
        if entry := _made_since(document_id, submission.base_version, content):
            return entry
        with suppress(VersionTooOld):  # overtaken after that look
            return _submit_once(document_id, replace(nearer, strict=True))
    return _submit_once(document_id, submission)


def _made_since(document_id: UUID, base_version: int, content: str) -> Entry | None:
    """What made the text this content after a version."""
    for version in logtable.versions_of_length(document_id, len(content), after=base_version)[:LOOKS_BACK]:
        if texts.text_at(document_id, version)[1] == content:
            return logtable.entry_at(document_id, version)
    return None


def name_version(document: Document, version: int, name: str, *, actor: User) -> NamedVersion | None:
    """Give a version a name, or another one; an empty name takes it away (None). NoSuchVersion outside 0..head."""
    key, name = logtable.log_key(document.id, history.check_version(document, version)), clean_title(name)
    if not name:
        NamedVersion.objects.filter(key=key).delete()
        return None
    columns = {"version": version, "name": name, "author_id": actor.id, "created_at": logtable.as_kept(timezone.now())}
    return NamedVersion.objects.update_or_create(key=key, defaults=columns)[0]


def require_head(document: Document, version: int) -> None:
    """Stale unless the document is at this version."""
    if version != (head := _head(document.id)):
        raise Stale(version=head)


def clean_text(content: str) -> str:
    """Line ends become LF; NUL and lone surrogates are refused. Nothing else of a text is ever altered."""
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    try:
        parse([content])
    except InvalidOperation as error:
        raise InvalidText(str(error)) from None
    if len(content) > settings.MAX_TEXT_LENGTH:
        detail = f"A text has at most {settings.MAX_TEXT_LENGTH} code points."
        raise InvalidText(detail, code="document_too_large", status=413)
    return content


def _text_at_base(document_id: UUID, version: int | None) -> tuple[int, str]:
    """(version, text) at the base of a write, or at the head; VersionUnknown above it."""
    try:
        return texts.text_at(document_id, version)
    except CorruptLog:
        if version is not None and version > _head(document_id):
            raise VersionUnknown(f"There is no version {version} yet.") from None
        raise


def _whole_text(
    operation: Operation, base_version: int, author: User | None, client_id: UUID | None, strict: bool = False
) -> Submission:
    return Submission(
        client_id=client_id or uuid.uuid4(),
        seq=1,
        base_version=base_version,
        operation=operation,
        author=author.id if author else None,
        whole_text=True,
        strict=strict,
    )


def _submit_once(document_id: UUID, submission: Submission) -> Entry | None:
    """Commit it, or know it again: the same write, given twice at once, may have been faster from another base."""
    try:
        return submit(document_id, submission)
    except SeqReused:
        return logtable.find(document_id, submission.client_id, seq=1)


def _patiently(work: Callable[[], T]) -> T:
    """Try a few times, and not again once it has taken long: whoever asks waits for an answer."""
    deadline = time.monotonic() + PATIENCE
    for _ in range(TRIES):
        try:
            return work()
        except UnknownOutcome as error:
            failure = error
        if time.monotonic() > deadline:
            break
    raise Busy from failure


def _announce(log: Log, before: int) -> None:
    if log.head > before:
        events.announce(events.Committed(log.document_id, tuple(log.since(before))))


def _head(document_id: UUID) -> int:
    newest = logtable.newest(document_id)
    return newest.version if newest else 0
