"""What names stand for: the variables and targets that files may speak of, and what checks files and settings."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.server import ROOT

SETTING = re.compile(r'env\.\w+\(\s*"(\w+)"')
TARGET = re.compile(r"^([a-z][\w-]*):(?!=)", re.MULTILINE)
TOOL_SECONDS = 120
BROUGHT = {  # by whoever deploys: none of these services exists, and nobody asks them
    "SECRET_KEY": "a6Zx0pQ9-long-enough-to-sign-with-and-for-these-tests-alone",
    "DATABASE_URL": "mongodb://ada:word@a,b,c/collabdocs?replicaSet=rs0",
    "RABBITMQ_URL": "amqps://ada:word@broker:5671/",
    "REDIS_URL": "rediss://:word@cache:6379/0",
    "EMAIL_URL": "smtp+tls://ada:word@mail:587",
    "METRICS_TOKEN": "word",
}


def variables() -> set[str]:
    """Those that a server reads."""
    return {name for path in ("settings", "serve") for name in SETTING.findall(_text(f"collabdocs/{path}.py"))}


def targets() -> set[str]:
    """Those of the Makefile."""
    return set(TARGET.findall(_text("Makefile")))


def asked_targets(command: str) -> list[str]:
    """Those that a `make` command line asks for, without what it sets."""
    plain = re.sub(r"'[^']*'", "", command)
    return [word for word in plain.split()[1:] if "=" not in word and not word.startswith("-")]


def check(tool: str, *arguments: str | Path) -> None:
    """Run a tool of the virtual environment, which must find nothing."""
    command = [Path(sys.executable).with_name(tool), *arguments]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TOOL_SECONDS)
    assert said.returncode == 0, said.stdout + said.stderr


def check_settings(plain: Mapping[str, str], secret: Iterable[str], data_dir: Path) -> None:
    """`manage.py check --deploy` must have nothing to say of a process that is given these."""
    env = os.environ | {"DATA_DIR": str(data_dir)} | plain | {name: BROUGHT[name] for name in secret}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=TOOL_SECONDS)
    assert said.returncode == 0, said.stdout + said.stderr


def _text(path: str) -> str:
    return (ROOT / path).read_text()
