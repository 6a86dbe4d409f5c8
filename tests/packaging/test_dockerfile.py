"""The Dockerfile keeps to good practice. That it builds and runs is `make image-test`'s."""

import re
import subprocess
import sys
from pathlib import Path

from tests.server import ROOT

LINES = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
STAGES = [line for line in LINES if line.startswith("FROM ")]
BASE = re.compile(r"FROM docker\.io/library/\w+:[\d.]+-(slim-bookworm|bookworm-slim)( AS \w+)?")
LAST = LINES[max(number for number, line in enumerate(LINES) if line.startswith("FROM ")) :]


def test_hadolint_finds_nothing() -> None:
    lint = [str(Path(sys.executable).with_name("hadolint")), "--no-color", "Dockerfile"]
    said = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr


def test_bases_are_small_and_pinned() -> None:
    assert len(STAGES) > 1
    assert all(
        re.match(r"FROM docker\.io/library/\w+:[\d.]+-(slim-bookworm|bookworm-slim)( AS \w+)?$", s) for s in STAGES
    )


def test_what_runs_has_no_root_no_tools_and_hears_signals() -> None:
    assert "USER 10001:10001" in LAST and "STOPSIGNAL SIGTERM" in LAST
    assert 'CMD ["python", "-m", "collabdocs.serve"]' in LAST, "a shell before it would keep SIGTERM to itself"
    assert not [line for line in LAST if re.search(r"apt-get|pip |npm ", line)]


def test_the_context_holds_what_is_copied_and_no_more() -> None:
    """What .dockerignore lets in, against what the Dockerfile takes."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source.split("/")[0]
        for line in LINES
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert allowed == copied
