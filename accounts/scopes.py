"""How much of what a person may do, one of their sessions may."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything its person may; or reading only; or only what concerns one document; or both.

    A program's, which an API token opens, never is somebody who has just logged in, however much it may.
    """

    is_read_only: bool = False
    document_id: UUID | None = None
    is_program: bool = False

    @property
    def is_whole(self) -> bool:
        """Nothing is left out: only such a session may touch the account itself."""
        return self == WHOLE

    @property
    def may_create(self) -> bool:
        """Whether it may make new documents."""
        return not self.is_read_only and self.document_id is None

    def covers(self, document_id: UUID) -> bool:
        return self.document_id in (None, document_id)


WHOLE = Scope()
