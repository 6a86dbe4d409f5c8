"""The workflows are what GitHub takes, call what there is, and may do no more than they must."""

import os
import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.delivery.actionlint import actionlint
from tests.delivery.named import asked_targets, check, targets
from tests.server import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TEXTS = {path.name: path.read_text() for path in WORKFLOWS}
FOUND: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = {(name, key): job for name, found in FOUND.items() for key, job in found["jobs"].items()}
RUNS_HERE = {key: job for key, job in JOBS.items() if "uses" not in job}
WRITES = {"contents": set(), "packages": {"publish"}, "attestations": {"publish"}}
PINNED = re.compile(r"\./\.github/workflows/[\w-]+\.yml|[\w-]+/[\w-]+@v\d+")


def commands(job: dict[str, Any]) -> list[str]:
    """What it runs, once for each line of its matrix."""
    lines = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
    runs = [step["run"] for step in job["steps"] if "run" in step]
    return [_filled(run, line) for run in runs for line in lines]


def _filled(command: str, line: dict[str, str]) -> str:
    for key, value in line.items():
        command = command.replace(f"${{{{ matrix.{key} }}}}", value)
    return command


@pytest.mark.timeout(400)
def test_actionlint_finds_nothing() -> None:
    """Without its own look for other linters: what it finds must not hang on what a machine has."""
    command = [actionlint(), "-shellcheck=", "-pyflakes=", *WORKFLOWS]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr


def test_they_are_of_the_right_shape() -> None:
    check("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    check("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")


def test_each_target_is_one_of_the_makefile() -> None:
    lines = [line.strip() for job in RUNS_HERE.values() for run in commands(job) for line in run.splitlines()]
    asked = {target for line in lines if line.startswith("make ") for target in asked_targets(line)}
    assert {"style", "types", "unit-test", "system-test", "browser-test", "fault-test", "real-mongo-test"} < asked
    assert asked <= targets()


def test_each_script_is_there_and_can_be_run() -> None:
    named = {path for text in TEXTS.values() for path in re.findall(r"\b(?:tests|deploy)/[\w/-]+\.sh", text)}
    assert {"tests/delivery/probe.sh", "deploy/ecs/deploy.sh", "deploy/cloud-run/deploy.sh"} <= named
    assert all(os.access(ROOT / path, os.X_OK) for path in named)


def test_all_that_make_test_does_is_done() -> None:
    """What its lanes are made of, whatever they are called."""
    rules = dict(re.findall(r"^([\w-]+):.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    reached, ahead = set[str](), ["test"]
    while ahead:
        target = ahead.pop()
        below = [
            t for line in re.findall(r"\$\(MAKE\) (.*)", rules.get(target, "")) for t in asked_targets(f"make {line}")
        ]
        ahead += set(below) & targets() - reached
        reached |= {target} if not below else set()
    done = {t for run in commands(JOBS["ci.yml", "make"]) for t in asked_targets(run)}
    assert {"unit-test", "style"} < reached
    assert reached <= done


def test_nothing_keeps_a_secret() -> None:
    """The clouds believe GitHub's word, and what pushes the image is the run's own token."""
    assert not [name for name, text in TEXTS.items() if "secrets." in text or "secrets:" in text]


def test_only_what_publishes_may_write() -> None:
    assert {name for name, found in FOUND.items() if found["permissions"].get("contents") != "read"} == set()
    for (_, key), job in JOBS.items():
        given = {name for name, value in job.get("permissions", {}).items() if value == "write"}
        assert all(key in WRITES[name] for name in given - {"id-token"}), key


@pytest.mark.parametrize("name", ["deploy-ecs.yml", "deploy-cloud-run.yml"])
def test_a_deployment_waits_for_its_environment(name: str) -> None:
    """It is started by hand or by a tag, and one follows the other."""
    assert set(FOUND[name][True]) == {"workflow_dispatch", "workflow_call"}  # `on` is a boolean to YAML
    assert FOUND[name]["permissions"] == {"contents": "read", "id-token": "write"}
    assert "cancel-in-progress" not in FOUND[name]["concurrency"]
    (job,) = FOUND[name]["jobs"].values()
    assert job["environment"] == "${{ inputs.environment }}"


def test_no_image_gets_a_name_before_it_was_tried() -> None:
    steps = JOBS["image.yml", "publish"]["steps"]
    (tried,) = [step["run"] for step in steps if "probe.sh" in step.get("run", "")]
    assert tried.index("probe.sh") < tried.index("imagetools create")
    (built,) = [step["with"] for step in steps if "build-push-action" in step.get("uses", "")]
    assert "push-by-digest=true" in built["outputs"] and "tags" not in built and built["provenance"] == "mode=max"
    assert JOBS["image.yml", "publish"]["needs"] == ["tests", "mongodb"]


def test_every_job_ends_and_every_action_has_a_version() -> None:
    assert [key for key, job in RUNS_HERE.items() if not job.get("timeout-minutes")] == []
    used = [step["uses"] for job in RUNS_HERE.values() for step in job["steps"] if "uses" in step]
    used += [job["uses"] for job in JOBS.values() if "uses" in job]
    assert [use for use in used if not PINNED.fullmatch(use)] == []


def test_updates_are_asked_for_all_that_is_used() -> None:
    asked = {(each["package-ecosystem"], each["directory"]) for each in _dependabot()["updates"]}
    homes = {"requirements.txt": "pip", "package-lock.json": "npm", "pom.xml": "maven", "Dockerfile": "docker"}
    found = [path for depth in ("", "*/", "*/*/") for name in homes for path in ROOT.glob(depth + name)]
    there = {(homes[path.name], "/" + path.parent.relative_to(ROOT).as_posix().strip(".")) for path in found}
    assert asked == there | {("github-actions", "/"), ("docker-compose", "/")}


def _dependabot() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())
    return found
