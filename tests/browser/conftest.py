"""Chromium, driven by Playwright, and a desk with people around it.

Playwright's loop runs in this thread while the browser lives, so it lives no longer than this folder's tests.
Without Chromium they fail where CI is set; elsewhere they are left out, and the summary says so.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import CHROMIUM, QUIETLY
from tests.browser.desk import Desk
from tests.conftest import _LIVE
from tests.server import Server

MISSING = "no Chromium was found: the browser tests are LEFT OUT (install chromium, or set CHROMIUM to its path)"
_left_out: list[str] = []


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        _left_out.append(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIETLY)
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in set(_left_out):
        terminalreporter.write_line(line, red=True, bold=True)


@pytest.fixture(scope="package")
def module_server(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One for all files of this folder: their documents do not meet."""
    kind = getattr(request, "param", "uvicorn")
    server = Server.with_data(template, tmp_path_factory.mktemp(f"browser-{kind}") / "data", kind)
    _LIVE.append(server)
    yield server.start()
    server.stop()
    _LIVE.remove(server)


@pytest.fixture(scope="package")
def cookies() -> dict[tuple[str, str], list[Any]]:
    """Who has logged in where: one log-in is enough for many tests."""
    return {}


@pytest.fixture
def desk_at(browser: Browser, cookies: dict[tuple[str, str], list[Any]]) -> Iterator[Callable[[Server], Desk]]:
    """`desk_at(server)`: a desk around a server of the test's own."""
    desks: list[Desk] = []

    def sit_down(server: Server) -> Desk:
        desks.append(Desk(browser, server, cookies))
        return desks[-1]

    yield sit_down
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(desk_at: Callable[[Server], Desk], server: Server) -> Desk:
    """A desk around the file's server."""
    return desk_at(server)
