"""docs/operations.md speaks of what there is: commands and their options, variables, targets, metrics, headings."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from tests.delivery.named import asked_targets, targets, variables
from tests.server import ROOT

PLACE = ROOT / "docs/operations.md"
TEXT = PLACE.read_text()
README = (ROOT / "README.md").read_text()
DELIVERY = "".join(p.read_text() for d in (".github/workflows", "deploy") for p in (ROOT / d).rglob("*") if p.is_file())
HEADINGS = {
    re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
}
COMMAND = re.compile(r"manage\.py ([a-z]\w*)((?: --[\w-]+)*)")
FOUND_IN_ALL = 30  # commands, at least


def asked() -> Iterator[tuple[str, list[str]]]:
    """Each command and the options that follow it."""
    for name, options in COMMAND.findall(TEXT + README + DELIVERY):
        yield name, options.split()


def test_each_command_is_there_with_its_options() -> None:
    known = get_commands()
    assert len(list(asked())) >= FOUND_IN_ALL
    for name, options in asked():
        assert name in known, f"manage.py {name}"
        parser = load_command_class(known[name], name).create_parser("manage.py", name)
        assert set(options) <= set(parser._option_string_actions), f"manage.py {name} {options}"


def test_each_alert_names_a_heading() -> None:
    rules = (ROOT / "deploy/prometheus/rules.yml").read_text()
    found = [rule for group in yaml.safe_load(rules)["groups"] for rule in group["rules"] if "alert" in rule]
    named = {rule["alert"]: rule["annotations"]["runbook"] for rule in found}
    assert named and {name for name, link in named.items() if not _leads(ROOT, link)} == set()


@pytest.mark.parametrize("path", ["docs/operations.md", "README.md"])
def test_each_link_leads_somewhere(path: str) -> None:
    text = (ROOT / path).read_text()
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert links and [link for link in links if not _leads((ROOT / path).parent, link)] == []


def _leads(directory: Path, link: str) -> bool:
    """To a file that is there, and of this page to a heading that it has."""
    path, _, heading = link.partition("#")
    target = (directory / path) if path else PLACE
    return target.exists() and (not heading or target.resolve() != PLACE or heading in HEADINGS)


def test_each_variable_is_read_by_somebody() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", TEXT))
    assert {"DRAIN_SECONDS", "SECRET_KEY", "DEPLOY_ECS"} < named
    assert named - variables() - set(re.findall(r"vars\.(\w+)", DELIVERY)) == set()


def test_each_target_is_one_of_the_makefile() -> None:
    lines = re.findall(r"^make .*$|`make [^`]*`", README + TEXT, re.MULTILINE)
    asked_for = {target for line in lines for target in asked_targets(line.strip("`").partition("#")[0])}
    assert "run" in asked_for and asked_for <= targets()


def test_each_metric_is_counted() -> None:
    named = set(re.findall(r"\b(collabdocs_\w+)", TEXT))
    meters = (ROOT / "collabdocs/meters.py").read_text()
    assert named and [name for name in named if name.removesuffix("_total") not in meters] == []


def test_each_script_and_variable_of_a_deployment_is_told() -> None:
    told = TEXT + "".join(line for line in DELIVERY.splitlines(keepends=True) if line.startswith("#"))
    assert {name for name in re.findall(r"vars\.(\w+)", DELIVERY) if name not in told} == set()
    assert all((ROOT / path).exists() for path in re.findall(r"\b(?:deploy|tests)/[\w/-]+\.(?:sh|yaml)", TEXT))
