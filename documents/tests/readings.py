"""What the meters say, and how much they have grown in a test."""

from prometheus_client import REGISTRY

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples() -> dict[Sample, float]:
    """Everything that a scrape would tell just now, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
    }


def level(name: str) -> float | None:
    """What a gauge without labels says; None where it is absent."""
    return samples().get((name, ()))


class Readings:
    """`grown = Readings()`, and then `grown("collabdocs_joins_total", how="fresh")` since."""

    def __init__(self) -> None:
        self._before = samples()

    def __call__(self, name: str, **labels: object) -> float:
        key = (name, tuple(sorted((label, str(value)) for label, value in labels.items())))
        return samples().get(key, 0.0) - self._before.get(key, 0.0)
