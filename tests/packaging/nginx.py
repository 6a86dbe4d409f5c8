"""A real nginx on a free loopback port, told what to do by the template that is shipped."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.error import URLError
from urllib.request import urlopen

from tests.server import ROOT, free_port

TEMPLATE = ROOT / "deploy/nginx/nginx.conf.template"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
START_SECONDS = 10.0
NOBODY = "192.0.2.1"  # an address for examples
LINE = re.compile(r"\S+ \[\S+\] (?P<method>\S+) (?P<path>.*) (?P<status>\d{3}) \d+ \S+s (?P<tried>.*)")


@dataclass(frozen=True)
class Passed:
    """One line of its log. `ports` are of the servers it tried, the last of which answered."""

    method: str
    path: str
    status: int
    ports: tuple[int, ...]


class Nginx:
    """Before the servers at these ports."""

    def __init__(self, directory: Path, servers: str, trusted_proxy: str = NOBODY) -> None:
        self.directory, self.port = directory, free_port()
        self.url, self.socket_url = f"http://127.0.0.1:{self.port}", f"ws://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        directory.mkdir()
        (directory / "nginx.conf").write_text(self._settings(SERVERS=servers, TRUSTED_PROXY=trusted_proxy))

    @classmethod
    def before(cls, directory: Path, ports: Sequence[int], trusted_proxy: str = NOBODY) -> "Nginx":
        servers = " ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=5s;" for port in ports)
        return cls(directory, servers, trusted_proxy)

    def start(self) -> "Nginx":
        """Return when it answers, whatever it answers."""
        self.process = subprocess.Popen(self._command("daemon off;"), start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline, f"it did not start:\n{self.trouble()}"
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def check(self) -> str:
        """What `nginx -t` complains of; nothing if all is well."""
        said = subprocess.run([*self._command(), "-t", "-q"], capture_output=True, text=True, timeout=30)
        return said.stderr or ("" if said.returncode == 0 else f"exit {said.returncode}")

    def passed(self, path: str, count: int = 1) -> list[Passed]:
        """What was asked for at this path or below, once so many were: a line comes when its answer has been sent."""
        deadline = time.monotonic() + START_SECONDS
        while len(found := [line for line in self._log() if line.path.startswith(path)]) < count:
            assert time.monotonic() < deadline, f"{count} requests of {path} awaited, found {found}"
            time.sleep(0.02)
        return found

    def trouble(self) -> str:
        log = self.directory / "error.log"
        return log.read_text(errors="replace")[-4000:] if log.exists() else ""

    def _log(self) -> list[Passed]:
        found = [LINE.fullmatch(line) for line in (self.directory / "access.log").read_text().splitlines()]
        return [
            Passed(m["method"], m["path"], int(m["status"]), tuple(int(p) for p in re.findall(r":(\d+)", m["tried"])))
            for m in found
            if m
        ]

    def _answers(self) -> bool:
        try:
            urlopen(f"{self.url}/metrics", timeout=2)
        except URLError as error:
            return hasattr(error, "code")
        return True

    def _settings(self, **blanks: str) -> str:
        """The template filled in; what it writes it writes into its own directory."""
        text = Template(TEMPLATE.read_text()).safe_substitute(blanks, LISTEN=f"127.0.0.1:{self.port}")
        kinds = ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
        places = "".join(f"{kind}_temp_path {self.directory}/{kind}; " for kind in kinds)
        return text.replace("/var/log/nginx", str(self.directory)).replace("http {", f"http {{ {places}", 1)

    def _command(self, orders: str = "") -> list[str]:
        assert NGINX
        at = [NGINX, "-p", str(self.directory), "-c", "nginx.conf", "-e", str(self.directory / "error.log")]
        who = "user root; " if os.geteuid() == 0 else ""  # its workers write below a directory that is ours alone
        return [*at, "-g", f"{who}pid {self.directory}/nginx.pid; {orders}"]
