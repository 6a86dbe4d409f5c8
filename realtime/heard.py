"""What a room has heard of its document's comments, so that each change is told once, however it became known.

A change is announced; what no announcement brought, a look finds by its time. Clocks of processes differ and a commit
takes a while, so each look goes back further than the last one ended.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from documents.events import ShownComment

AT_ONCE = 50  # comments told by one look: a follower has room for a few more
CLOCKS = timedelta(seconds=60)  # by which those of two processes may differ


class HeardComments:
    """`upto`: changes before it are known, or may be asked for by who joins."""

    def __init__(self) -> None:
        self.upto = timezone.now()
        self.changes: dict[str, datetime] = {}  # of comments, by id, the newest one that was heard

    @property
    def since(self) -> datetime:
        """From when on to look."""
        return self.upto - CLOCKS

    def is_news(self, comment: ShownComment) -> bool:
        """Whether it is not heard before, nor overtaken; now it is heard."""
        changed_at = datetime.fromisoformat(comment["changed_at"])
        known = self.changes.get(comment["id"])
        if known is not None and known >= changed_at:
            return False
        self.changes[comment["id"]] = changed_at
        return True

    def looked(self, at: datetime) -> None:
        """Everything up to a time is known: forget what no look will find again."""
        self.upto = at
        self.changes = {name: changed_at for name, changed_at in self.changes.items() if changed_at > self.since}
