"""What the dashboards and the rules ask Prometheus for, and of which figures."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.operations.prometheus import rules
from tests.server import ROOT

DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
WINDOW = "10s"  # several scrapes of the tests' Prometheus
SELECTOR = re.compile(r"\b([a-zA-Z_:][\w:]*)(\{[^}]*\})?(?![\w:]|\s*\()")
NO_FIGURES = re.compile(r"\b(?:by|on|without|ignoring) \([^)]*\)|\[[^]]*\]")  # names of labels, and times
WORDS = {"and", "or", "unless", "offset"}


@dataclass(frozen=True)
class Query:
    """One of a panel, of an annotation, or of a variable."""

    dashboard: str
    title: str
    source: str  # the type of its data source
    text: str

    @property
    def filled_in(self) -> str:
        """As Grafana asks, where everything is chosen."""
        return self.text.replace("$__rate_interval", WINDOW).replace("$instance", ".*")


def dashboards() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in DASHBOARDS]


def panels_of(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those in rows, too."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries() -> list[Query]:
    """Of all dashboards."""
    return [query for dashboard in dashboards() for query in _queries_of(dashboard)]


def _queries_of(dashboard: dict[str, Any]) -> Iterator[Query]:
    name = dashboard["title"]
    for panel in panels_of(dashboard):
        for target in panel.get("targets", []):
            yield Query(name, panel["title"], panel["datasource"]["type"], target["expr"])
    for annotation in dashboard["annotations"]["list"]:
        yield Query(name, annotation["name"], annotation["datasource"]["type"], annotation["expr"])
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            (chosen,) = re.findall(r"label_values\((.*), \w+\)", variable["query"]["query"])
            yield Query(name, variable["name"], variable["datasource"]["type"], chosen)


def expressions() -> list[str]:
    """All PromQL that is shipped."""
    of_panels = [query.filled_in for query in queries() if query.source == "prometheus"]
    return [*of_panels, *(rule["expr"] for rule in rules())]


def selectors(expression: str) -> set[tuple[str, str]]:
    """The figures it looks at, each as a name and how it is narrowed: ("up", '{job="collabdocs"}')."""
    bare = NO_FIGURES.sub("", expression)
    return {(name, narrowed) for name, narrowed in SELECTOR.findall(bare) if name not in WORDS}
