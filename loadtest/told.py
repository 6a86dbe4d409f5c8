"""What the server's own histograms say of the same time, to be held beside what the clients saw."""

from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from loadtest.figures import POINTS
from loadtest.ledger import ACKNOWLEDGED, SEEN

HISTOGRAMS = {ACKNOWLEDGED: "collabdocs_acknowledge_seconds", SEEN: "collabdocs_seen_seconds"}

Buckets = Mapping[str, Mapping[float, float]]  # by histogram: how many took at most so many seconds


def buckets(host: str) -> Buckets:
    """Nothing where /metrics is not shown to us, as behind a proxy."""
    answer = httpx.get(f"{host}/metrics")
    if answer.is_error:
        return {}
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    return {
        name: {float(sample.labels["le"]): sample.value for sample in families[name].samples if "le" in sample.labels}
        for name in HISTOGRAMS.values()
        if name in families
    }


def between(before: Buckets, after: Buckets) -> dict[str, dict[str, float]]:
    """Counts, and the milliseconds within which so large a share lay: upper ends of buckets."""
    found = {}
    for name, histogram in HISTOGRAMS.items():
        if grown := {end: n - before.get(histogram, {}).get(end, 0.0) for end, n in after.get(histogram, {}).items()}:
            total = max(grown.values())
            found[name] = {"count": total} | {point: _end(grown, share * total) for point, share in POINTS.items()}
    return found


def _end(grown: Mapping[float, float], wanted: float) -> float:
    return round(1000 * min(end for end, count in grown.items() if count >= wanted), 2)
