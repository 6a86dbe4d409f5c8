"""`python -m tests.mongo COMMAND…` runs a command on MongoDB, and pytest with what it does otherwise there.

That is the server that DATABASE_URL names, if it names one, else an emulated one, empty and its own.
"""

import os
import subprocess
import sys

from collabdocs.databases import is_mongo
from tests.mongo.server import EmulatedMongo, lacking


def main(command: list[str]) -> int:
    """The command's exit code; where the emulator can't run, 0, or 1 with CI set."""
    if is_mongo(url := os.environ.get("DATABASE_URL", "")):
        return run(command, url)
    if lacking():
        print(f"MISSING: {', '.join(lacking())} — tests on MongoDB are LEFT OUT.", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    mongo = EmulatedMongo()
    try:
        return run(command, mongo.start().url)
    finally:
        mongo.stop()


def run(command: list[str], url: str) -> int:
    return subprocess.call(command, env=os.environ | {"DATABASE_URL": url, "PYTEST_PLUGINS": "tests.mongo.plugin"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
