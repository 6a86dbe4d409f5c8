"""A real Prometheus on a free loopback port, told what to do by the files that are shipped."""

import math
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import httpx
import pytest
import yaml

from tests.server import ROOT, free_port

FILES = ROOT / "deploy/prometheus"
START_SECONDS = 30.0

needs_prometheus = pytest.mark.skipif(
    not shutil.which("prometheus") and not os.environ.get("CI"), reason="LEFT OUT: prometheus is not installed"
)


def settings() -> dict[str, Any]:
    """What is shipped."""
    read: dict[str, Any] = yaml.safe_load((FILES / "prometheus.yml").read_text())
    return read


def rules() -> list[dict[str, Any]]:
    """All that are shipped, of all groups."""
    groups = yaml.safe_load((FILES / "rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


class Prometheus:
    """Asks a server of ours each second, and works out all rules as often."""

    def __init__(self, directory: Path, server: str) -> None:
        """`server` is its host and port."""
        self.directory, self.port = directory, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        told = settings() | {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(FILES / "rules.yml")],
        }
        (job,) = [job for job in told["scrape_configs"] if job["job_name"] == "collabdocs"]
        job["static_configs"] = [{"targets": [server]}]
        (directory / "prometheus.yml").write_text(yaml.safe_dump(told))

    def start(self) -> "Prometheus":
        """Return when it answers."""
        log = (self.directory / "log").open("wb")
        options = [f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.directory}/data"]
        where = [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]
        self.process = subprocess.Popen(["prometheus", *options, *where], stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline, f"it did not start:\n{self.log()}"
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    async def ask(self, query: str) -> list[float]:
        """The values that a query finds now, without those that are not a number. The test fails of an error."""
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            answer = await client.get("/api/v1/query", params={"query": query})
        assert answer.status_code == 200, f"{query}\n{answer.text}"
        found = [float(series["value"][1]) for series in answer.json()["data"]["result"]]
        return [value for value in found if not math.isnan(value)]

    def _answers(self) -> bool:
        try:
            urlopen(f"{self.url}/-/ready", timeout=2)
        except (URLError, TimeoutError):
            return False
        return True
