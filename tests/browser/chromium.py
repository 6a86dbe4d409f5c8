"""Chromium: where it is, how it is started quietly, and one with a profile on disk, which can be killed."""

import os
import shutil
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, BrowserContext

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"))), None
)
QUIETLY = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def with_profile(browser: Browser, profile: Path, **options: Any) -> BrowserContext:
    """A browser process of its own, whose storage lies in the directory `profile`."""
    return browser.browser_type.launch_persistent_context(profile, executable_path=CHROMIUM, args=QUIETLY, **options)


def kill(profile: Path) -> None:
    """kill -9 of every process of the browser with this profile."""
    processes = [process for process in psutil.process_iter(["cmdline"]) if _is_of(process, profile)]
    assert processes, "that browser does not run"
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=5)


def _is_of(process: psutil.Process, profile: Path) -> bool:
    return f"--user-data-dir={profile}" in (process.info["cmdline"] or [])
