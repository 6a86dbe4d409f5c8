"""A stand-in for a cloud's command line: it does nothing, writes down what it was asked, and answers as it was told."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.server import ROOT

PROGRAM = """#!/usr/bin/env python3
import json, pathlib, sys
here = pathlib.Path(__file__).parent
asked = [pathlib.Path(a).read_text() if a.endswith(".yaml") else a for a in sys.argv[1:]]
with (here / "asked").open("a") as asked_before:
    print(json.dumps(asked), file=asked_before)
answers = json.loads((here / "answers").read_text())
line = " ".join(sys.argv[1:])
print(next((answer for part, answer in answers.items() if part in line), ""))
"""


class StandIn:
    """`answers`: what is printed to who asks for something with these words in it; the first that fits."""

    def __init__(self, directory: Path, name: str, answers: Mapping[str, str]) -> None:
        self.directory = directory
        program = directory / name
        program.write_text(PROGRAM)
        program.chmod(0o755)
        (directory / "answers").write_text(json.dumps(answers))

    def run(self, script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a script of ours, for which this is the cloud."""
        env = {"PATH": f"{self.directory}:{os.environ['PATH']}"} | env
        return subprocess.run([ROOT / script, *arguments], env=env, capture_output=True, text=True, timeout=60)

    def asked(self) -> list[list[str]]:
        """The words of each call, in order. Of a YAML file it has the text."""
        return [json.loads(line) for line in (self.directory / "asked").read_text().splitlines()]
