"""deploy/cloud-run: the service says what a process understands, and keeps to what Cloud Run can hold. Nothing of it
was ever there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from collabdocs import stopping
from tests.delivery.named import check_settings, variables
from tests.delivery.stand_in import StandIn
from tests.server import ROOT

PLACE = ROOT / "deploy/cloud-run"
KILLED_AFTER = 10.0  # seconds from SIGTERM, which nobody can change
LONGEST_REQUEST = 3600  # seconds, a socket's life among them
BLANKS = {
    "IMAGE": "europe-docker.pkg.dev/docs/ghcr/ada/collabdocs@sha256:12ab",
    "HOST_NAME": "docs.example.org",
    "CONNECTOR": "docs-net",
    "SERVICE_ACCOUNT": "docs@docs.iam.gserviceaccount.com",
    "FROM_EMAIL": "CollabDocs <docs@example.org>",
}


@pytest.fixture
def gcloud(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path, "gcloud", {})


def container(of: dict[str, Any]) -> dict[str, Any]:
    """The only one of a service or a job."""
    spec = of["spec"]["template"]["spec"]
    (only,) = spec.get("containers") or spec["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def plain(of: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(of)["env"] if "value" in each}


def secret(of: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container(of)["env"] if "valueFrom" in each}


def test_a_release_goes_over_the_database_first(gcloud: StandIn) -> None:
    said = gcloud.run("deploy/cloud-run/deploy.sh", **BLANKS)
    assert said.returncode == 0, said.stderr
    asked = gcloud.asked()
    assert [words[:3] for words in asked] == [
        ["run", "jobs", "replace"],
        ["run", "jobs", "execute"],
        ["run", "services", "replace"],
    ]
    job, service = (yaml.safe_load(asked[number][3]) for number in (0, 2))
    assert asked[1][3] == job["metadata"]["name"] and "--wait" in asked[1]
    assert container(job)["image"] == container(service)["image"] == BLANKS["IMAGE"]
    assert container(job)["command"] + container(job)["args"] == ["python", "manage.py", "migrate"]
    assert plain(service)["DEFAULT_FROM_EMAIL"] == BLANKS["FROM_EMAIL"]
    assert "${" not in asked[0][3] + asked[2][3]


def test_nothing_is_done_with_a_blank_left(gcloud: StandIn) -> None:
    for blank in BLANKS:
        assert gcloud.run("deploy/cloud-run/deploy.sh", **BLANKS | {blank: ""}).returncode != 0
    assert not (gcloud.directory / "asked").exists()


def test_every_blank_is_filled() -> None:
    script = (PLACE / "deploy.sh").read_text()
    (filled,) = re.findall(r"envsubst '(.*?)'", script)
    wanted = {name for path in PLACE.glob("*.yaml") for name in re.findall(r"\$\{(\w+)\}", path.read_text())}
    assert wanted == set(filled.replace("$", "").split()) == set(BLANKS)


@pytest.mark.parametrize("name", ["service", "job"])
def test_every_variable_is_one_that_is_read(name: str) -> None:
    of = yaml.safe_load((PLACE / f"{name}.yaml").read_text())
    assert plain(of).keys() | secret(of).keys() <= variables()


def test_a_process_has_nothing_to_say_against_its_settings(tmp_path: Path) -> None:
    service = yaml.safe_load((PLACE / "service.yaml").read_text().replace("${HOST_NAME}", BLANKS["HOST_NAME"]))
    check_settings(plain(service), secret(service), tmp_path)


def test_it_ends_before_it_is_killed() -> None:
    service = yaml.safe_load((PLACE / "service.yaml").read_text())
    assert float(plain(service)["DRAIN_SECONDS"]) + stopping.LONGEST < KILLED_AFTER


def test_several_live_on_and_nothing_is_kept_on_a_disk() -> None:
    service = yaml.safe_load((PLACE / "service.yaml").read_text())
    template = service["spec"]["template"]
    said = {key.rpartition("/")[2]: value for key, value in template["metadata"]["annotations"].items()}
    assert int(said["minScale"]) >= int(plain(service)["PROCESSES"]) > 1
    assert (said["cpu-throttling"], said["sessionAffinity"]) == ("false", "true")
    assert template["spec"]["timeoutSeconds"] == LONGEST_REQUEST
    assert {"SECRET_KEY", "DATABASE_URL", "RABBITMQ_URL", "REDIS_URL"} < secret(service).keys()
    probes = (container(service)[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe"))
    assert list(probes) == ["/readyz", "/healthz"]
