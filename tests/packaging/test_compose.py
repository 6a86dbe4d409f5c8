"""docker-compose.yml is of the right shape, and says of every part what the part understands."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.nginx import NGINX, NOBODY, TEMPLATE, Nginx
from tests.server import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
WEB = [name for name in SERVICES if name.startswith("web")]
READ_BY = {"migrate": ["documents/management/commands/make_demo.py"]}
DEFAULTS = dict(re.findall(r"(?<!\$)\$\{(\w+):-(.*?)\}", TEXT))  # those with two dollars are the container's own
SETTING = re.compile(r'env\.\w+\(\s*"(\w+)"|environ(?:\.get)?[\[(]"(\w+)"')


def read_in(*paths: str) -> set[str]:
    """The environment variables that these files read."""
    found = (match for path in paths for match in SETTING.findall((ROOT / path).read_text()))
    return {one or other for one, other in found}


def test_it_is_what_compose_takes() -> None:
    check = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.compose-spec"]
    said = subprocess.run([*check, "docker-compose.yml"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("name", [*WEB, "migrate"])
def test_every_variable_is_one_that_is_read(name: str) -> None:
    known = read_in("collabdocs/settings.py", "collabdocs/serve.py", *READ_BY.get(name, []))
    assert set(SERVICES[name]["environment"]) <= known


def test_the_processes_are_equal_and_counted() -> None:
    assert len(WEB) == int(SERVICES["web1"]["environment"]["PROCESSES"]) > 1
    assert all(SERVICES[name] == SERVICES["web1"] for name in WEB)


def test_nginx_and_prometheus_know_all_processes() -> None:
    named = re.findall(r"server (\w+):8000", SERVICES["nginx"]["environment"]["SERVERS"])
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    hosts = SERVICES["web1"]["environment"]["ALLOWED_HOSTS"].split(",")
    assert named == WEB == [host for host in hosts if host.startswith("web")]
    assert scraped["static_configs"][0]["targets"] == [f"{name}:8000" for name in WEB]


def test_only_nginx_and_grafana_are_reached_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"nginx": ["${PUBLISH:-80}:80"], "grafana": ["127.0.0.1:3000:3000"]}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if service["networks"] != ["inside"]} == {"nginx", "grafana"}


def test_each_service_is_pinned_watched_and_comes_back() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":(v?\d+\.\d+|local)", service["image"]), name
        if name != "migrate":
            assert service["restart"] == "unless-stopped", name
            assert name in WEB or service["healthcheck"], f"{name}: the image of web brings its own"


def test_only_one_service_builds_the_image() -> None:
    """Two that build the same tag at once stand in each other's way."""
    assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"]


def test_every_volume_is_named_and_every_file_is_there() -> None:
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert {mount for mount in mounts if "/" not in mount} == set(COMPOSE["volumes"])
    assert all((ROOT / mount).exists() for mount in mounts if "/" in mount)


def test_what_may_be_set_stands_in_the_example_with_its_default() -> None:
    lines = (ROOT / "deploy/example.env").read_text().splitlines()
    assert dict(line.split("=", 1) for line in lines if line and not line.startswith("#")) == DEFAULTS


@pytest.mark.skipif(not NGINX, reason="LEFT OUT: nginx is not installed")
def test_its_nginx_can_read_its_settings(tmp_path: Path) -> None:
    servers = SERVICES["nginx"]["environment"]["SERVERS"].replace("web", "127.0.0.")
    for number, proxy in enumerate((DEFAULTS["TRUSTED_PROXY"], "10.0.0.0/8", "fd00::/8")):
        assert Nginx(tmp_path / f"nginx{number}", servers, proxy).check() == ""


def test_its_nginx_fills_all_blanks_and_trusts_nobody() -> None:
    blanks = set(re.findall(r"\$\{([A-Z_]+)\}", TEMPLATE.read_text()))
    assert blanks == set(SERVICES["nginx"]["environment"]) - {"NGINX_ENVSUBST_OUTPUT_DIR"}
    assert DEFAULTS["TRUSTED_PROXY"] == NOBODY
    (by_hand,) = re.findall(r"envsubst '(.*?)'", (ROOT / "README.md").read_text())
    assert blanks == set(by_hand.replace("$", "").split())


def test_the_dashboard_asks_the_provisioned_source() -> None:
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/overview.json").read_text())
    uids = {panel["datasource"]["uid"] for panel in dashboard["panels"]}
    assert uids == {source["datasources"][0]["uid"]}
