"""What is asked of a run, from the command line."""

import argparse
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Self

REPORTS = Path(__file__).parent / "reports"
EDITORS_OF_FIVE = 4  # of five users so many edit; the others read and write over HTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`seconds` is the time of typing; `edits` are a second and a typist; `pids` are more server processes to watch."""

    host: str = "http://127.0.0.1:8000"
    users: int = 100
    seconds: float = 60.0
    spawn_rate: float = 20.0
    accounts: int = 20
    per_document: int = 10
    edits: float = 0.5
    name: str = ""
    reports: Path = REPORTS
    pids: tuple[int, ...] = ()

    @classmethod
    def asked(cls, module: str) -> Self:
        usual = cls()
        parser = argparse.ArgumentParser(prog=f"python -m {module}")
        parser.add_argument("--host", default=usual.host, help="the server under test")
        parser.add_argument("--users", type=int, default=usual.users)
        parser.add_argument("--seconds", type=float, default=usual.seconds)
        parser.add_argument("--spawn-rate", type=float, default=usual.spawn_rate, help="users a second")
        parser.add_argument("--accounts", type=int, default=usual.accounts, help="that the users share")
        parser.add_argument(
            "--per-document", type=int, default=usual.per_document, help="editing users of each document"
        )
        parser.add_argument("--edits", type=float, default=usual.edits, help="a second, by each editing user")
        parser.add_argument("--name", default="", help="of the report's files")
        parser.add_argument("--reports", type=Path, default=usual.reports, help="the directory they are written into")
        parser.add_argument("--pids", type=int, nargs="*", default=[], help="of servers that do not listen at the host")
        asked = vars(parser.parse_args())
        return cls(**asked | {"host": asked["host"].rstrip("/"), "pids": tuple(asked["pids"])})

    def named(self, kind: str) -> Self:
        """With a name, if it had none."""
        return self if self.name else replace(self, name=f"{kind}-{self.users}")

    def documents_for(self, editors: int) -> int:
        return max(1, ceil(editors / self.per_document))

    @property
    def editors(self) -> int:
        """Of Locust's users, those who edit."""
        return ceil(self.users * EDITORS_OF_FIVE / 5)
