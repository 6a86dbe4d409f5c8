"""What Prometheus is told to work out and to warn of: it is sound, each rule was tried, and each says what to do."""

import re
import subprocess

import pytest
import yaml

from tests.operations.prometheus import FILES, needs_prometheus, rules, settings
from tests.operations.queries import expressions, selectors
from tests.server import ROOT

ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
RECORDED = [rule["record"] for rule in rules() if "record" in rule]


@needs_prometheus
@pytest.mark.parametrize(
    "command", ["check config prometheus.yml", "check rules rules.yml", "test rules rules.test.yml"]
)
def test_promtool_finds_nothing_wrong(command: str) -> None:
    said = subprocess.run(["promtool", *command.split()], cwd=FILES, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr


def test_each_rule_is_tried_and_each_alert_also_where_it_is_silent() -> None:
    tests = yaml.safe_load((FILES / "rules.test.yml").read_text())["tests"]
    alerts = [case for test in tests for case in test.get("alert_rule_test", [])]
    assert {case["alertname"] for case in alerts if case.get("exp_alerts")} == set(ALERTS)
    assert {case["alertname"] for case in alerts if not case.get("exp_alerts")} == set(ALERTS)
    asked = [case["expr"] for test in tests for case in test.get("promql_expr_test", [])]
    assert all(any(name in expression for expression in asked) for name in RECORDED)


def test_what_is_recorded_is_looked_at() -> None:
    assert set(RECORDED) <= {name for expression in expressions() for name, _ in selectors(expression)}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_and_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert set(alert["annotations"]) == {"summary", "description", "runbook"}
    page, anchor = alert["annotations"]["runbook"].split("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in [re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings]


def test_a_figure_is_worked_out_as_often_as_it_is_asked_for() -> None:
    """And Grafana, which takes the width of its windows from that, knows it."""
    (source,) = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    told = settings()["global"]
    assert told["scrape_interval"] == told["evaluation_interval"] == source["jsonData"]["timeInterval"]
