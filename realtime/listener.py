"""Somebody who hears what becomes known in a room, for as long as they may."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.scopes import Scope
from collabdocs import meters
from documents import permissions
from realtime import protocol


class Listener(ABC):
    """Whose ears these are, what they may do, and until when: what announcements and upkeep change or end.

    `closing` is the code that it ends with, None while it goes on.
    """

    def __init__(self, *, user_id: UUID, role: str, session_id: UUID, expires_at: datetime, scope: Scope) -> None:
        self.user_id, self.role, self.scope = user_id, role, scope
        self.session_id, self.expires_at = session_id, expires_at
        self.closing: int | None = None

    @abstractmethod
    def tell(self, kind: str, **fields: Any) -> None:
        """Say something, without waiting for it to arrive."""

    def close(self, code: int) -> None:
        """End it, if it has not ended."""
        if self.closing is None:
            self.closing = code
            meters.CLOSES.labels(code).inc()
            self.end()

    @abstractmethod
    def end(self) -> None:
        """Say so, now that `closing` is set."""

    def change_role(self, role: str | None) -> None:
        """Tell what is left of a new role in this session; end for who has none any more."""
        role = permissions.limited(role, self.scope)
        if role is None:
            self.close(protocol.NOT_ALLOWED)
        elif role != self.role:
            self.role = role
            self.tell("role", role=role)
