"""The dashboards' files: Grafana can tell them apart, and they ask for nothing that is not there."""

from collections.abc import Iterable
from typing import Any

import prometheus_client
import yaml
from django_prometheus.middleware import Metrics

from collabdocs import meters
from tests.operations.prometheus import rules
from tests.operations.queries import DASHBOARDS, dashboards, expressions, panels_of, selectors
from tests.packaging.test_compose import SERVICES
from tests.server import ROOT

SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
OTHERS = {"up", "ALERTS", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"}  # Prometheus, node_exporter
GRID = 24  # columns


def names_of(collectors: Iterable[Any]) -> set[str]:
    """Of the figures that these tell."""
    found = [metric for collector in collectors for metric in collector]
    return {metric.name + suffix for metric in found for suffix in SUFFIXES[metric.type]}


def known_names() -> set[str]:
    """Of all figures that there are."""
    counted = [*vars(meters).values(), *vars(Metrics.get_instance()).values()]
    described = [one.describe() for one in counted if hasattr(one, "describe") and not isinstance(one, type)]
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    return names_of([*described, prometheus_client.PROCESS_COLLECTOR.collect()]) | recorded | OTHERS


def test_all_that_is_asked_for_exists() -> None:
    asked = {name for expression in expressions() for name, _ in selectors(expression)}
    assert len(asked) > 30 and asked <= known_names()


def test_all_that_we_count_is_shown() -> None:
    own = {metric.name for one in vars(meters).values() if hasattr(one, "_name") for metric in one.describe()}
    asked = {name for expression in expressions() for name, _ in selectors(expression)}
    assert [name for name in own if not any(one.startswith(name) for one in asked)] == []


def test_each_has_an_address_of_its_own() -> None:
    uids = [dashboard["uid"] for dashboard in dashboards()]
    assert len(set(uids)) == len(DASHBOARDS) and all(0 < len(uid) <= 40 for uid in uids)
    assert len({dashboard["title"] for dashboard in dashboards()}) == len(DASHBOARDS)


def test_each_panel_asks_a_source_that_is_there() -> None:
    """Loki is the reader's own, who chooses it."""
    provisioned = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    sources = {source["uid"] for source in provisioned["datasources"]} | {"${loki}"}
    panels = [panel for dashboard in dashboards() for panel in panels_of(dashboard)]
    assert {panel["datasource"]["uid"] for panel in panels if "targets" in panel} == sources


def test_each_panel_has_a_place_a_title_and_a_unit() -> None:
    for dashboard in dashboards():
        panels = list(panels_of(dashboard))
        assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
        cells = [cell for panel in panels for cell in cells_of(panel["gridPos"])]
        assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < GRID
        for panel in panels:
            if panel.get("datasource", {}).get("type") == "prometheus":
                assert panel["fieldConfig"]["defaults"]["unit"] and panel["description"]


def cells_of(place: dict[str, int]) -> list[tuple[int, int]]:
    columns, rows = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return [(x, y) for x in columns for y in rows]


def test_grafana_finds_them_and_opens_the_overview() -> None:
    (provider,) = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/collabdocs.yml").read_text())[
        "providers"
    ]
    there = provider["options"]["path"]
    assert f"./deploy/grafana/dashboards:{there}:ro" in SERVICES["grafana"]["volumes"]
    assert SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == f"{there}/overview.json"
    assert (ROOT / "deploy/grafana/dashboards/overview.json") in DASHBOARDS
