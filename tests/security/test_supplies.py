"""What we stand on is pinned, none of it has a hole that we know of, and somebody asks for more (S43)."""

import re
from collections.abc import Iterator

import pytest
import yaml

from tests.server import ROOT

FLOORS = {
    "daphne": (4, 2, 2),  # CVE-2026-44545: a message without a bound
    "autobahn": (26, 10, 2),  # GHSA-hxp9-w8x3-p566: a message measured as it came packed
    "bleach": (3, 3, 0),  # CVE-2021-23980: mutation
    "django": (5, 2, 19),
}
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,-]+\])?==(\d[\w.!+]*)(?: ;.*)?$")


def pins(name: str) -> Iterator[tuple[str, str]]:
    for line in (ROOT / name).read_text().splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            found = PINNED.match(line)
            assert found, f"{name}: {line} names no version"
            yield found[1], found[2]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


@pytest.mark.parametrize("package", FLOORS)
def test_no_known_hole(package: str) -> None:
    assert numbers(dict(pins("requirements.txt"))[package]) >= FLOORS[package]


def test_every_package_is_pinned() -> None:
    used, developed = dict(pins("requirements.txt")), dict(pins("requirements-dev.txt"))
    traced = dict(pins("requirements-otel.txt"))
    assert len(used) > 40 and used.items() <= developed.items() and traced.items() <= developed.items()


def test_the_browsers_packages_are_pinned_with_what_they_hash_to() -> None:
    lock = yaml.safe_load((ROOT / "editor/package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages and all(each["integrity"].startswith("sha512-") for each in packages.values())


def test_somebody_asks_every_day() -> None:
    audit = yaml.safe_load((ROOT / ".github/workflows/audit.yml").read_text())
    assert audit[True]["schedule"] and audit["jobs"]["audit"]["steps"][-1] == {"run": "make audit"}
    recipe = (ROOT / "Makefile").read_text().partition("\naudit:")[2].partition("\n\n")[0]
    assert "pip-audit --strict" in recipe and "npm audit" in recipe
    watched = {
        each["package-ecosystem"] for each in yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    }
    assert watched >= {"pip", "npm", "docker", "github-actions"}
