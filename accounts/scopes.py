"""How much of what a person may do, one of their sessions may."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything its person may; or reading only; or only what concerns one document; or both."""

    is_read_only: bool = False
    document_id: UUID | None = None

    @property
    def is_whole(self) -> bool:
        """Nothing is left out: only such a session may touch the account itself."""
        return self == WHOLE

    @property
    def may_create(self) -> bool:
        """Whether it may make new documents."""
        return self.is_whole

    def covers(self, document_id: UUID) -> bool:
        return self.document_id in (None, document_id)


WHOLE = Scope()
