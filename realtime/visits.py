"""What the log is told of each socket: that it opened, and how it ended. Ids and counts, nothing that was written."""

import logging
import time
from typing import Any

from accounts.asking import known

logger = logging.getLogger("collabdocs.access")

DROPPED = 1006  # how RFC 6455 calls the end of a line that went without a word
REFUSED = 403  # what a handshake is answered that is closed before it is accepted


class Visit:
    """One socket's, from its handshake on."""

    def __init__(self) -> None:
        self._began, self._is_open = time.monotonic(), False
        self.status, self.close_code = REFUSED, DROPPED
        self.operations = 0  # that were submitted

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What the handshake is answered, too."""
        request_id = known().get("request_id")
        return [(b"x-request-id", request_id.encode())] if request_id else []

    def open(self) -> None:
        self._is_open = True
        self._tell("opened")

    def end(self, version: int | None) -> None:
        """`version`: the newest that was handed out there."""
        seconds = round(time.monotonic() - self._began, 3)
        if self._is_open:
            ended = {"close_code": self.close_code, "operations": self.operations, "version": version}
            self._tell("closed", **ended, seconds=seconds)
        else:
            self._tell("refused", status=self.status, seconds=seconds)

    def _tell(self, what: str, **facts: Any) -> None:
        asked = known()
        whose = f"document {asked.get('document_id')}, user {asked.get('user_id')}"
        how = "".join(f", {name} {value}" for name, value in facts.items())
        logger.info("Socket %s: %s%s", what, whose, how, extra=facts)
