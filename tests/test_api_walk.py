"""`docs/api.md` is run from top to bottom by a shell against a real server: what it shows is what happens."""

import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import ROOT, Server

PAGE = ROOT / "docs" / "api.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
END = "== end of a step =="
ANYTHING = "…"


def steps(page: str) -> Iterator[tuple[str, str, str]]:
    """(commands, kind, answer) of each shell block and of the block below that shows its answer, if there is one."""
    blocks = [*BLOCK.findall(page), ("", "")]
    for (kind, commands), (shown, answer) in itertools.pairwise(blocks):
        if kind == "sh":
            yield commands, *((shown, answer) if shown in ("json", "text") else ("", ""))


def values(text: str) -> list[Any]:
    """The JSON texts that follow one another."""
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def agrees(shown: Any, got: Any) -> bool:
    """Whether an answer is what the page shows, where `…` stands for anything."""
    if shown == ANYTHING:
        return True
    if isinstance(shown, dict) and isinstance(got, dict):
        return shown.keys() == got.keys() and all(agrees(shown[key], got[key]) for key in shown)
    if isinstance(shown, list) and isinstance(got, list):
        return len(shown) == len(got) and all(map(agrees, shown, got))
    return type(shown) is type(got) and shown == got


def agrees_as_text(shown: str, got: str) -> bool:
    pattern = re.escape(shown.strip()).replace(ANYTHING, "(.|\n)*")
    return re.fullmatch(pattern, got.strip()) is not None


@pytest.mark.skipif(
    not (shutil.which("jq") and shutil.which("curl")) and not os.environ.get("CI"),
    reason="LEFT OUT: jq or curl is not installed",
)
def test_the_page_is_true(start_server, tmp_path: Path) -> None:
    server: Server = start_server()
    walk = list(steps(PAGE.read_text()))
    script = "set -euo pipefail\n" + "".join(f"{commands}\necho; echo '{END}'\n" for commands, _, _ in walk)
    done = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "API": f"{server.url}/api", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    answers = done.stdout.split(END)
    for (commands, kind, shown), got in zip(walk, answers, strict=False):
        if kind == "json":
            assert agrees(values(shown), values(got)), f"{commands}\nshows\n{shown}\nbut answers\n{got}"
        elif kind == "text":
            assert agrees_as_text(shown, got), f"{commands}\nshows\n{shown}\nbut answers\n{got}"
    assert done.returncode == 0, f"{answers[-1]}\n{done.stderr}"
    assert len(answers) == len(walk) + 1


def test_it_notices_what_is_not_true() -> None:
    assert agrees([{"a": ANYTHING, "b": [1]}], [{"a": {"x": 2}, "b": [1]}])
    for got in ([{"a": 1}], [{"a": 1, "b": [2]}], [{"a": 1, "b": [1], "c": 0}], [{"a": 1, "b": [True]}], []):
        assert not agrees([{"a": ANYTHING, "b": [1]}], got)
    assert agrees_as_text("a\n…\nb", "a\nx\ny\nb") and not agrees_as_text("a\n…\nb", "a\nx")
