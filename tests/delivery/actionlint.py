"""actionlint, which comes as source alone: built once for this virtual environment, by the Go that it brings."""

import os
import subprocess
import sys
from pathlib import Path

VERSION = "v1.7.12"
PLACE = Path(sys.prefix) / f"actionlint-{VERSION}"
BUILD_SECONDS = 280


def actionlint() -> Path:
    """The program. Go's modules and what it has compiled stay in Go's own caches."""
    program = PLACE / "actionlint"
    if not program.exists():
        go = Path(sys.executable).with_name("go")
        env = os.environ | {"GOBIN": str(PLACE), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        wanted = f"github.com/rhysd/actionlint/cmd/actionlint@{VERSION}"
        subprocess.run([go, "install", wanted], env=env, check=True, timeout=BUILD_SECONDS)
    return program
