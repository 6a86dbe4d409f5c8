"""The commands of docs/operations.md back up a SQLite database in use, and bring it back under a new identity."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.server import ROOT

pytestmark = pytest.mark.skipif(
    not shutil.which("sqlite3") and not os.environ.get("CI"), reason="LEFT OUT: sqlite3 is not installed"
)
SECONDS = 120


class Installation:
    """A directory of data, a place for its backup, and a shell in which `manage.py` is a command."""

    def __init__(self, directory: Path) -> None:
        self.data, backup, programs = (directory / name for name in ("data", "backup", "programs"))
        for place in (self.data, backup, programs):
            place.mkdir()
        (programs / "manage.py").write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/manage.py "$@"\n')
        (programs / "manage.py").chmod(0o755)
        own = {"DATA_DIR": str(self.data), "BACKUP": str(backup), "DATABASE_URL": "", "REDIS_URL": ""}
        self.env = os.environ | own | {"PATH": f"{programs}:{os.environ['PATH']}"}

    def shell(self, lines: str) -> None:
        """As somebody would who types one after the other, and stops at what fails."""
        said = subprocess.run(
            ["bash", "-ec", lines], env=self.env, cwd=self.data, capture_output=True, text=True, timeout=SECONDS
        )
        assert said.returncode == 0, said.stdout + said.stderr

    def opened(self) -> sqlite3.Connection:
        return sqlite3.connect(self.data / "collabdocs.sqlite3")

    def log(self) -> Path:
        """What was committed and does not stand in the database's file yet."""
        return self.data / "collabdocs.sqlite3-wal"

    def asked(self, question: str) -> list[str]:
        with closing(self.opened()) as database:
            return [value for (value,) in database.execute(question)]


def block(title: str) -> str:
    """The block of the page that begins so."""
    found: list[str] = re.findall(rf"```sh\n# {title}\n(.*?)```", (ROOT / "docs/operations.md").read_text(), re.DOTALL)
    assert len(found) == 1
    return found[0]


TITLES, NAMES = "SELECT title FROM documents_document", "SELECT _id FROM documents_logidentity"


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """With one document, that of the demo."""
    made = Installation(tmp_path)
    made.shell("manage.py migrate --verbosity 0; manage.py make_demo; manage.py new_log_identity")
    return made


def test_what_was_backed_up_comes_back_under_a_new_name(installation: Installation) -> None:
    titles, names = installation.asked(TITLES), installation.asked(NAMES)
    key = (installation.data / "secret_key").read_text()
    with closing(installation.opened()) as writer:  # and its -wal holds what the file does not
        writer.execute("UPDATE documents_document SET title = 'Saved'")
        writer.commit()
        writer.execute("UPDATE documents_document SET title = 'Under way'")
        installation.shell(block("back up"))
        writer.execute("UPDATE documents_document SET title = 'Lost'")
        writer.commit()
        (installation.data / "secret_key").write_text("lost")
        left = installation.log().read_bytes()
    installation.log().write_bytes(left)  # as one leaves it who is killed
    installation.shell(block("restore"))
    assert titles and installation.asked(TITLES) == ["Saved"] * len(titles)
    assert set(names) < set(installation.asked(NAMES))
    assert (installation.data / "secret_key").read_text() == key
