"""Texts at some versions, and from them the text at any version, at a cost that does not grow with the log.

A checkpoint is due after 500 operations, or earlier when these weigh more than the text. It holds the whole text,
or only what changed since the last whole one, while that is much less: so a long document costs little more disk
for its checkpoints than for its operations, and reading takes one text, at most one change, and a short tail.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import orjson
from django.db.models import QuerySet

from documents import logtable
from documents.errors import CorruptLog
from documents.logtable import Step
from documents.models import Checkpoint
from documents.ot.diff import diff
from documents.ot.operation import InvalidOperation, Operation, apply, base_length, inserted_length, parse
from documents.ot.rebase import Entry

AT_ONCE = 64  # entries
LONGEST_TAIL = 500  # operations
LOOK_EVERY = 100  # versions between looks whether one is due
HEAVY = 20_000  # code points in one operation that are worth a look, too
CHANGE_SHARE = 8  # a change is kept instead of a text when it has at most one eighth of its bytes


def text_at(document_id: UUID, version: int | None = None) -> tuple[int, str]:
    """(version, text) at that version, or at the head; CorruptLog if the log does not carry that far."""
    upto = logtable.MAX_VERSION if version is None else version
    copied, text = newest_copy(document_id, upto)
    reached, text = replay(copied, text, logtable.steps(document_id, after=copied, upto=upto))
    if version is not None and reached != version:
        raise CorruptLog(f"document {document_id} ends at version {reached}, not {version}")
    return reached, text


def replay(version: int, text: str, entries: Sequence[Entry | Step]) -> tuple[int, str]:
    """(version, text) after the entries that follow on a text; CorruptLog naming the first that does not.

    Some are taken at once, on the stretch of the text that they touch: people write at one place for a while, and
    the rest of a long text need not be copied for each letter.
    """
    for start in range(0, len(entries), AT_ONCE):
        some = entries[start : start + AT_ONCE]
        before, after = _untouched(len(text), some)
        end = len(text) - after
        text = text[:before] + _replay(text[before:end], some, before, before + after) + text[end:]
    return (entries[-1].version if entries else version), text


def _replay(stretch: str, entries: Sequence[Entry | Step], start: int, around: int) -> str:
    """The stretch after the entries. It begins at `start` in its text, of which there are `around` others."""
    for entry in entries:
        try:
            stretch = apply(stretch, _moved(entry.operation, start))
        except InvalidOperation as error:
            raise CorruptLog(f"version {entry.version} does not apply: {error}") from error
        if len(stretch) + around != entry.length:
            length = len(stretch) + around
            raise CorruptLog(f"version {entry.version} has {length} code points and not {entry.length}")
    return stretch


def _moved(operation: Operation, start: int) -> Operation:
    """The same on a text without its first code points, which the operation retains."""
    if not start or not operation:
        return operation
    return (cast(int, operation[0]) - start, *operation[1:])


def _untouched(length: int, entries: Sequence[Entry | Step]) -> tuple[int, int]:
    """How many code points at a text's start, and at its end, all of the entries leave alone; none if in doubt."""
    before = after = whole = length
    for entry in entries:
        if entry.operation:
            first = entry.operation[0]
            before = min(before, first if isinstance(first, int) and first > 0 else 0)
            after = min(after, length - base_length(entry.operation))
        length = entry.length
    return (before, after) if after >= 0 and before + after <= whole else (0, 0)


def checkpoint_if_due(document_id: UUID, before: int, newest: Entry) -> None:
    """Copy the text at the newest entry when its tail has grown long; `before` is where this was last looked at."""
    if is_look(before, newest) and is_due(document_id, newest_copied_version(document_id, newest.version), newest):
        checkpoint(document_id, newest.version)


def is_look(before: int, newest: Entry | Step) -> bool:
    """Whether it is time to look if a copy is due: every hundred versions, and at a heavy operation."""
    return before // LOOK_EVERY != newest.version // LOOK_EVERY or inserted_length(newest.operation) > HEAVY


def is_due(document_id: UUID, copied: int, newest: Entry | Step) -> bool:
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


def copy_at(document_id: UUID, version: int) -> str | None:
    """What the copy of one version holds, None if there is none; CorruptLog if it can't be read."""
    if newest_copied_version(document_id, version) != version:
        return None
    reached, text = newest_copy(document_id, version)
    if reached != version:
        raise CorruptLog(f"the copy of version {version} is a change of one that is missing")
    return text


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
