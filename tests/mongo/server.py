"""Starts and stops the emulated MongoDB: a Java process and its front, each in a process group of its own."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
JARS = HERE / "jars"
FETCH_SECONDS = 300.0
STOP_SECONDS = 5.0


def lacking() -> list[str]:
    """The programs that it needs and that are not installed."""
    return [program for program in ("javac", "mvn") if not shutil.which(program)]


class EmulatedMongo:
    """Empty at each start; its address is `url`. Both processes end with whoever started them."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> "EmulatedMongo":
        """Return when it answers."""
        _fetch()
        self.java_port = self._start("java", "-Xmx512m", "-cp", f"{JARS}/*", str(HERE / "Emulator.java"))
        self.port = self._start(sys.executable, "-m", "tests.mongo.front", str(self.java_port))
        self.url = f"mongodb://127.0.0.1:{self.port}/collabdocs"
        return self

    def _start(self, *command: str) -> int:
        """Start a process that prints its port."""
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL if command[0] == "java" else None
        process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=quiet, start_new_session=True)
        self._processes.append(process)
        assert process.stdout is not None
        port = process.stdout.readline()
        assert port.strip().isdigit(), f"{command[0]} did not start"
        return int(port)

    def hang(self) -> None:
        """It takes connections and answers nothing."""
        self._processes[0].send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._processes[0].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End both, the front first; by force if need be."""
        for process in reversed(self._processes):
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(STOP_SECONDS)
        self._processes.clear()


def _fetch() -> None:
    """Its jars, once, by Maven."""
    if JARS.exists() and any(JARS.glob("mongo-java-server-*.jar")):
        return
    goal = ["mvn", "--quiet", "--batch-mode", "--file", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
    subprocess.run(goal, check=True, timeout=FETCH_SECONDS, stdin=subprocess.DEVNULL)
