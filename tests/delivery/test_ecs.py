"""deploy/ecs: the template is one that CloudFormation can read, says what a process understands, and a release goes
over the database first. Nothing of it was ever in AWS."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from collabdocs import stopping
from realtime import follower
from tests.delivery.named import check, check_settings, variables
from tests.delivery.stand_in import StandIn
from tests.server import ROOT

PLACE = ROOT / "deploy/ecs/collabdocs.yaml"
IMAGE = "ghcr.io/ada/collabdocs@sha256:12ab"
DEFINITION = {"family": "docs", "containerDefinitions": [{"name": "collabdocs", "image": "old"}], "status": "ACTIVE"}


class Loader(yaml.SafeLoader):
    """`!Ref Name` is read as {"Ref": "Name"}, and so is every other function."""


def _function(loader: Loader, name: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    raise AssertionError(f"!{name} of a mapping")


Loader.add_multi_constructor("!", _function)
TEMPLATE: dict[str, Any] = yaml.load(PLACE.read_text(), Loader)
RESOURCES = {name: each.get("Properties", {}) for name, each in TEMPLATE["Resources"].items()}
(CONTAINER,) = RESOURCES["Task"]["ContainerDefinitions"]
ENVIRONMENT = {each["Name"]: each["Value"] for each in CONTAINER["Environment"]}


def attributes(of: list[dict[str, str]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in of}


@pytest.fixture
def aws(tmp_path: Path) -> Callable[[str], StandIn]:
    """A cloud in which a command ends so."""
    return lambda code: StandIn(
        tmp_path,
        "aws",
        {
            "'Cluster'": "docs-cluster",
            "'Task'": "docs:7",
            "'Network'": "awsvpcConfiguration={subnets=[a,b]}",
            "describe-task-definition": json.dumps(DEFINITION),
            "register-task-definition": "docs:8",
            "run-task": "arn:task/docs-cluster/77",
            "describe-tasks": code,
        },
    )


def test_cfn_lint_finds_nothing() -> None:
    check("cfn-lint", "--non-zero-exit-code", "informational", PLACE)


def test_every_variable_is_one_that_is_read() -> None:
    given = [each["Name"] for each in CONTAINER["Environment"] + CONTAINER["Secrets"]]
    assert set(given) <= variables() and len(given) == len(set(given))
    assert {"SECRET_KEY", "DATABASE_URL", "RABBITMQ_URL", "REDIS_URL"} < {each["Name"] for each in CONTAINER["Secrets"]}


def test_a_process_has_nothing_to_say_against_its_settings(tmp_path: Path) -> None:
    chosen = {"HostName": "docs.example.org", "FromEmail": "docs@example.org"}
    defaults = {name: str(each.get("Default", "")) for name, each in TEMPLATE["Parameters"].items()} | chosen
    plain = {name: defaults[value["Ref"]] if isinstance(value, dict) else value for name, value in ENVIRONMENT.items()}
    check_settings(plain, [each["Name"] for each in CONTAINER["Secrets"]], tmp_path)


def test_every_parameter_is_used() -> None:
    text = PLACE.read_text()
    assert [name for name in TEMPLATE["Parameters"] if not re.search(rf"!Ref {name}\b", text)] == []


def test_secrets_are_read_by_nobody_else() -> None:
    """Those that the container is given are those that its role may read."""
    (statement,) = RESOURCES["ExecutionRole"]["Policies"][0]["PolicyDocument"]["Statement"]
    readable = [each["Ref"] for each in statement["Resource"] if "Ref" in each]
    assert readable == [each["ValueFrom"]["Ref"] for each in CONTAINER["Secrets"]]


def test_who_stops_has_time_to_drain() -> None:
    longest = TEMPLATE["Parameters"]["DrainSeconds"]["MaxValue"]
    assert CONTAINER["StopTimeout"] > longest + stopping.LONGEST


def test_who_is_not_ready_gets_nothing_and_who_hangs_is_replaced() -> None:
    assert RESOURCES["Targets"]["HealthCheckPath"] == "/readyz"
    (image,) = re.findall(r"HEALTHCHECK [^\[]*CMD (\[.*\])", (ROOT / "Dockerfile").read_text().replace("\\\n", " "))
    assert CONTAINER["HealthCheck"]["Command"] == ["CMD", *json.loads(image)]


def test_no_line_is_cut_off_under_what_is_said_on_it() -> None:
    """Whoever is silent longest on a socket or a stream is heard three times before the balancer hangs up, and that
    hangs up before a process does."""
    idle = int(attributes(RESOURCES["LoadBalancer"]["LoadBalancerAttributes"])["idle_timeout.timeout_seconds"])
    said_every = max(uvicorn.Config("").ws_ping_interval, follower.SILENCE)
    assert 3 * said_every < idle < int(ENVIRONMENT["KEEP_ALIVE_SECONDS"])


def test_processes_are_several_and_a_browser_stays_at_one() -> None:
    assert TEMPLATE["Parameters"]["Processes"]["Default"] >= int(ENVIRONMENT["PROCESSES"]) > 1
    assert attributes(RESOURCES["Targets"]["TargetGroupAttributes"])["stickiness.enabled"] == "true"


def test_a_release_goes_over_the_database_first(aws: Callable[[str], StandIn]) -> None:
    cloud = aws("0")
    said = cloud.run("deploy/ecs/deploy.sh", "docs", IMAGE)
    assert said.returncode == 0, said.stdout + said.stderr
    done = [" ".join(words[:2]) for words in cloud.asked() if words[1] != "describe-stacks"]
    assert done == [
        "ecs describe-task-definition",
        "ecs register-task-definition",
        "ecs run-task",
        "ecs wait",
        "ecs describe-tasks",
        "cloudformation deploy",
    ]
    (registered,) = [json.loads(words[-1]) for words in cloud.asked() if "register-task-definition" in words]
    assert registered["containerDefinitions"][0]["image"] == IMAGE and "status" not in registered
    (run,) = [words for words in cloud.asked() if "run-task" in words]
    assert "docs:8" in run and json.loads(run[run.index("--overrides") + 1]) == {
        "containerOverrides": [{"name": CONTAINER["Name"], "command": ["python", "manage.py", "migrate"]}]
    }
    (deployed,) = [words for words in cloud.asked() if "deploy" in words]
    assert f"Image={IMAGE}" in deployed and PLACE.read_text() in deployed


def test_a_migration_that_fails_is_the_end_of_it(aws: Callable[[str], StandIn]) -> None:
    cloud = aws("1")
    assert cloud.run("deploy/ecs/deploy.sh", "docs", IMAGE).returncode != 0
    assert [words for words in cloud.asked() if "deploy" in words] == []


def test_a_command_is_run_by_the_image_in_service(aws: Callable[[str], StandIn]) -> None:
    cloud = aws("0")
    assert cloud.run("deploy/ecs/manage.sh", "docs", "purge_trash", "--days", "7").returncode == 0
    (run,) = [words for words in cloud.asked() if "run-task" in words]
    assert "docs:7" in run and '["python","manage.py","purge_trash","--days","7"]' in " ".join(run)


def test_each_output_that_a_script_asks_for_is_there() -> None:
    assert set(re.findall(r"\(output (\w+)\)", (ROOT / "deploy/ecs/manage.sh").read_text())) <= set(TEMPLATE["Outputs"])
