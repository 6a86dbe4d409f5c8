"""Texts at some versions, and from them the text at any version, at a cost that does not grow with the log.

A checkpoint is due after 500 operations, or earlier when these weigh more than the text. It holds the whole text,
or only what changed since the last whole one, while that is much less: so a long document costs little more disk
for its checkpoints than for its operations, and reading takes one text, at most one change, and a short tail.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db.models import QuerySet

from documents import logtable
from documents.errors import CorruptLog
from documents.models import Checkpoint
from documents.ot.diff import diff
from documents.ot.operation import InvalidOperation, apply, inserted_length, parse
from documents.ot.rebase import Entry

LONGEST_TAIL = 500  # operations
LOOK_EVERY = 100  # versions between looks whether one is due
HEAVY = 20_000  # code points in one operation that are worth a look, too
CHANGE_SHARE = 8  # a change is kept instead of a text when it has at most one eighth of its bytes


def text_at(document_id: UUID, version: int | None = None) -> tuple[int, str]:
    """(version, text) at that version, or at the head; CorruptLog if the log does not carry that far."""
    upto = logtable.MAX_VERSION if version is None else version
    copied, text = newest_copy(document_id, upto)
    reached, text = replay(copied, text, logtable.entries(document_id, after=copied, upto=upto))
    if version is not None and reached != version:
        raise CorruptLog(f"document {document_id} ends at version {reached}, not {version}")
    return reached, text


def replay(version: int, text: str, entries: Sequence[Entry]) -> tuple[int, str]:
    """(version, text) after the entries that follow on a text."""
    for entry in entries:
        try:
            text = apply(text, entry.operation)
        except InvalidOperation as error:
            raise CorruptLog(f"version {entry.version} does not apply: {error}") from error
        if len(text) != entry.length:
            raise CorruptLog(f"version {entry.version} has {len(text)} code points and not {entry.length}")
        version = entry.version
    return version, text


def checkpoint_if_due(document_id: UUID, before: int, newest: Entry) -> None:
    """Copy the text at the newest entry when its tail has grown long; `before` is where this was last looked at."""
    is_heavy = inserted_length(newest.operation) > HEAVY
    if before // LOOK_EVERY == newest.version // LOOK_EVERY and not is_heavy:
        return
    copied = newest_copied_version(document_id, newest.version)
    if is_due(document_id, copied, newest):
        checkpoint(document_id, newest.version)


def is_due(document_id: UUID, copied: int, newest: Entry) -> bool:
    """Whether the tail after a copy has become long, or weighs more than the text it leads to."""
    if newest.version - copied >= LONGEST_TAIL:
        return True
    weight = logtable.weight(document_id, after=copied, upto=newest.version)
    return weight > max(HEAVY, newest.length)


def checkpoint(document_id: UUID, version: int) -> None:
    """Copy the text at a version. Whoever else copies it too writes a copy as good."""
    _, text = text_at(document_id, version)
    save(document_id, version, text, newest_whole(document_id, version - 1))


# --- How they are kept ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Whole:
    """A text that is copied whole, and the bytes that takes."""

    version: int
    text: str
    weight: int


def save(document_id: UUID, version: int, text: str, whole: Whole | None) -> Whole:
    """Keep a text, as a change of an earlier whole copy if that is much less; the whole copy for the next one."""
    if whole is not None:
        change = zlib.compress(orjson.dumps(diff(whole.text, text)))
        if len(change) * CHANGE_SHARE <= whole.weight:
            _put(document_id, version, whole.version, change)
            return whole
    data = zlib.compress(text.encode())
    _put(document_id, version, None, data)
    return Whole(version, text, len(data))


def newest_copy(document_id: UUID, upto: int) -> tuple[int, str]:
    """(version, text) of the newest usable copy at or below a version; version 0 is the empty text."""
    row = _copies(document_id, upto).values_list("version", "base", "data").first()
    if row is None:
        return 0, ""
    version, base, data = row
    if base is None:
        return version, _text(version, data)
    whole = newest_whole(document_id, base)
    if whole is None:
        return 0, ""
    if whole.version != base:  # somebody deleted it: what stands on it is of no use
        return whole.version, whole.text
    return version, _changed(version, whole.text, data)


def newest_copied_version(document_id: UUID, upto: int) -> int:
    """The version of the newest copy at or below a version."""
    return _copies(document_id, upto).values_list("version", flat=True).first() or 0


def newest_whole(document_id: UUID, upto: int) -> Whole | None:
    """The newest whole copy at or below a version."""
    row = _copies(document_id, upto).filter(base=None).values_list("version", "data").first()
    return Whole(row[0], _text(*row), len(row[1])) if row else None


def copied_versions(document_id: UUID) -> list[int]:
    """The versions that have a copy, oldest first."""
    return list(_copies(document_id, logtable.MAX_VERSION).order_by("key").values_list("version", flat=True))


def drop(document_id: UUID, versions: Sequence[int]) -> None:
    """Delete copies; the changes that stand on them go with them."""
    _copies(document_id, logtable.MAX_VERSION).filter(version__in=versions).delete()
    _copies(document_id, logtable.MAX_VERSION).filter(base__in=versions).delete()


def bytes_of(document_id: UUID) -> int:
    """What the copies of a document take, in bytes."""
    return sum(len(data) for data in _copies(document_id, logtable.MAX_VERSION).values_list("data", flat=True))


def _put(document_id: UUID, version: int, base: int | None, data: bytes) -> None:
    key = logtable.log_key(document_id, version)
    Checkpoint.objects.update_or_create(key=key, defaults={"version": version, "base": base, "data": data})


def _copies(document_id: UUID, upto: int) -> QuerySet[Checkpoint]:
    """The copies at and below a version, newest first."""
    keys = {"key__gt": logtable.log_key(document_id, 0), "key__lte": logtable.log_key(document_id, upto)}
    return Checkpoint.objects.filter(**keys).order_by("-key")


def _text(version: int, data: bytes | memoryview) -> str:
    """What a whole copy holds."""
    try:
        return zlib.decompress(data).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise CorruptLog(f"the copy of version {version} is unreadable: {error}") from error


def _changed(version: int, text: str, data: bytes | memoryview) -> str:
    """What a copy that holds a change makes of the whole text it stands on."""
    try:
        return apply(text, parse(orjson.loads(zlib.decompress(data))))
    except (zlib.error, orjson.JSONDecodeError, InvalidOperation) as error:
        raise CorruptLog(f"the copy of version {version} is unreadable: {error}") from error
