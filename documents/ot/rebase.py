"""What becomes of a submission: the rules by which a log takes it, knows it again, or refuses it.

    text at base ──── entries base+1 … head ────▶ text at head
        │                                            │
        │ operation as sent                          │ operation as committed
        ▼                                            ▼
    what its author sees ─── the same entries ───▶ text at head + 1

A submission is moved over the entries it did not know *one at a time*: composing them first and transforming
then gives another text. Whether it was committed before is asked before anything else, by the pair
(client_id, seq); `mark` is the newest entry of its client, and since a client's seq only grows, a seq above the
mark's was never used and one at or below it was used or skipped for good.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from .operation import InvalidOperation, Operation, inserted_length, length_change, validate
from .transform import transform


class Refused(Exception):
    """This submission had no effect and never will (but see VersionTooOld). `code` is stable, `detail` for people."""

    code = "invalid_operation"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class RefusedOperation(Refused):
    code = "invalid_operation"


class OperationTooLarge(Refused):
    code = "operation_too_large"


class DocumentTooLarge(Refused):
    code = "document_too_large"


class VersionUnknown(Refused):
    code = "version_unknown"


class VersionTooOld(Refused):
    """The base is too far behind: catch up, then send the same seq again on a fresh base."""

    code = "version_too_old"


class SeqReused(Refused):
    code = "seq_reused"


class OutOfOrder(Refused):
    code = "out_of_order"


class ForeignClient(Refused):
    """The client_id belongs to the user who first used it in the document."""

    code = "forbidden"


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in code points, components and versions."""

    text: int = 1_000_000
    inserted: int = 250_000
    components: int = 1_000
    base_age: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One edit as a client sends it: `operation`, parsed, was made against the text at `base_version`.

    `whole_text` marks a write of a whole text (create, PUT, restore), which has only the text's limit;
    `strict` one that must not be merged: it is refused when anything was committed after its base.
    """

    client_id: UUID
    seq: int
    base_version: int
    operation: Operation
    author: UUID | None
    whole_text: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A committed operation. `length` is the text's length after it, in code points."""

    version: int
    client_id: UUID
    seq: int
    author: UUID | None
    operation: Operation
    length: int
    created_at: datetime


def entry_fields(entry: Entry) -> dict[str, Any]:
    """A committed operation as every wire shows it; `author` is a user's id."""
    return {
        "version": entry.version,
        "client_id": entry.client_id,
        "seq": entry.seq,
        "author": entry.author,
        "operation": entry.operation,
    }


def check_size(submission: Submission, limits: Limits) -> None:
    """Refuse an operation with too many components or too much text, before any work on it."""
    if submission.whole_text:
        return
    if len(submission.operation) > limits.components:
        raise OperationTooLarge(f"more than {limits.components} components")
    if inserted_length(submission.operation) > limits.inserted:
        raise OperationTooLarge(f"inserts more than {limits.inserted} code points")


def check_order(submission: Submission, mark: Entry | None, head: int, limits: Limits) -> None:
    """Refuse what can't come now: a base in the future, below the client's own last entry, or too far behind."""
    if submission.base_version > head:
        raise VersionUnknown(f"base {submission.base_version} is above the head {head}")
    if mark is not None and submission.base_version < mark.version:
        raise OutOfOrder(f"base {submission.base_version} is below your own version {mark.version}")
    if submission.strict and submission.base_version != head:
        raise VersionTooOld(f"the document is at version {head}")
    if head - submission.base_version > limits.base_age:
        raise VersionTooOld(f"more than {limits.base_age} versions behind: catch up first")


def fit(submission: Submission, length: int) -> Operation:
    """The operation in canonical form, if it fits the text of `length` code points it was made against."""
    try:
        return validate(submission.operation, length)
    except InvalidOperation as error:
        raise RefusedOperation(str(error)) from None


def rebase(operation: Operation, concurrent: Iterable[Entry]) -> Operation:
    """Move an operation past entries it did not know, one at a time; committed later, it stands first in ties."""
    for entry in concurrent:
        operation = transform(operation, entry.operation)
    return operation


def check_growth(operation: Operation, length: int, limits: Limits) -> int:
    """The text's length after `operation`, refused when it grows a text beyond the limit."""
    change = length_change(operation)
    if change > 0 and length + change > limits.text:
        raise DocumentTooLarge(f"the text would have more than {limits.text} code points")
    return length + change


def is_resend(submission: Submission, operation: Operation, committed: Entry, between: Iterable[Entry]) -> bool:
    """Whether a used pair says the same again.

    It does when its operation, moved over `between` (the entries after its base and before `committed`), equals
    what was committed. A client's own entry in between says that the base lies where it can't.
    """
    if submission.base_version >= committed.version:
        return False
    for entry in between:
        if entry.client_id == submission.client_id:
            return False
        operation = transform(operation, entry.operation)
    return operation == committed.operation
