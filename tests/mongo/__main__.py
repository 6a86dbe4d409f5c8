"""`python -m tests.mongo COMMAND…` runs a command with DATABASE_URL set to an emulated MongoDB, empty and its own."""

import os
import subprocess
import sys

from tests.mongo.server import EmulatedMongo, lacking


def main(command: list[str]) -> int:
    """The command's exit code; where the emulator can't run, 0, or 1 with CI set."""
    if lacking():
        print(f"MISSING: {', '.join(lacking())} — tests on MongoDB are LEFT OUT.", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    mongo = EmulatedMongo()
    try:
        return subprocess.call(command, env=os.environ | {"DATABASE_URL": mongo.start().url})
    finally:
        mongo.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
