"""What the clients of one document sent and were told, and how long it took.

Every client has a tap here, which sees each message as it leaves and as it comes. Where a submission is met at its
author it was acknowledged, where it is met at anybody else it was seen. Both are counted from when it first left, so
a line that was lost meanwhile, and what was sent again, are in the figures.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

Pair = tuple[str, int]  # client_id, seq
Report = Callable[[str, float], None]  # what happened, and after how many seconds
Tap = Callable[[Literal["out", "in"], Mapping[str, Any]], None]

ACKNOWLEDGED, SEEN, SHOWN, JOINED = "submit→acknowledged", "submit→seen", "presence→seen", "join"
RETRIED = "version_too_old"  # the one error after which the same submission is sent again


class Ledger:
    """`writes` are the marks that PUTs bring in, with whether they were answered 200."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.sent: dict[Pair, float] = {}
        self.acknowledged: dict[Pair, int] = {}
        self.refused: dict[Pair, str] = {}
        self.writes: dict[str, bool] = {}
        self.lines_lost = 0
        self._shown: dict[str, tuple[float, set[str]]] = {}  # by client: when it last showed itself, and who saw it

    def tap_of(self, client_id: str) -> Tap:
        """For the client of this name."""

        def tap(way: Literal["out", "in"], message: Mapping[str, Any]) -> None:
            now = time.perf_counter()
            match message.get("type"):
                case "join" if "since" in message:
                    self.lines_lost += 1
                case "submit":
                    self.sent.setdefault((client_id, message["seq"]), now)
                case "operations" | "joined":
                    for entry in message.get("operations", ()):
                        self._met(client_id, entry, now)
                case "presence" if way == "out":
                    self._shown[client_id] = now, {client_id}
                case "presence":
                    self._presence(client_id, message, now)
                case "error" if "seq" in message and message["code"] != RETRIED:
                    self.refused[client_id, message["seq"]] = message["code"]

        return tap

    def _met(self, client_id: str, entry: Mapping[str, Any], now: float) -> None:
        pair = entry["client_id"], entry["seq"]
        began = self.sent.get(pair)
        if began is None:
            return
        if pair[0] != client_id:
            self.report(SEEN, now - began)
        elif pair not in self.acknowledged:
            self.acknowledged[pair] = entry["version"]
            self.report(ACKNOWLEDGED, now - began)

    def _presence(self, client_id: str, message: Mapping[str, Any], now: float) -> None:
        """Once for each receiver of each showing: joins show people, too."""
        began, seen_by = self._shown.get(message["client_id"], (now, {client_id}))
        if message["selection"] and client_id not in seen_by:
            seen_by.add(client_id)
            self.report(SHOWN, now - began)
