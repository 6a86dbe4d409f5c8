"""The meters: which there are, in which units, and how a level is asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis.strategies import floats, lists, sampled_from
from prometheus_client import REGISTRY, CollectorRegistry, Histogram
from prometheus_client.parser import text_string_to_metric_families

from collabdocs import meters
from collabdocs.meters import MANY, Level, Spread
from collabdocs.metrics import metrics

SECONDS = ["0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1.0", "2.0", "5.0", "10.0", "+Inf"]
SIZES = ["1.0", "2.0", "5.0", "10.0", "20.0", "50.0", "100.0", "200.0", "500.0", "+Inf"]
NAMES = {
    "gauge": (
        "sockets streams rooms waiting_submissions waiting_frames waiting_reads waiting_announcements draining"
    ),
    "counter": (
        "operations refusals commit_retries closes announcements caught_up_operations cache joins failed_looks"
    ),
    "histogram": (
        "commit_seconds batch_operations acknowledge_seconds seen_seconds join_seconds look_seconds"
    ),
}  # fmt: skip


def scraped():
    said = metrics(RequestFactory().get("/metrics")).content.decode()
    found = list(text_string_to_metric_families(said))
    return {
        family.name: family
        for family in found
        if family.name.startswith("collabdocs_") and not family.name.endswith("_created")
    }


@pytest.mark.parametrize("kind", NAMES)
def test_a_scrape_tells_all_that_was_agreed_on(kind):
    told = scraped()
    for name in NAMES[kind].split():
        family = told[f"collabdocs_{name}"]
        assert family.type == kind and len(family.documentation) > 20, name


def test_no_broker_no_word_of_it():
    assert "collabdocs_broker_up" not in scraped()


def test_buckets_go_from_a_millisecond_to_ten_seconds():
    meters.LOOK_SECONDS.labels("tests").observe(0)
    for metric in REGISTRY.collect():
        buckets = [sample.labels["le"] for sample in metric.samples if sample.name.endswith("_bucket")]
        if metric.name.startswith("collabdocs_") and metric.type == "histogram":
            expected = SECONDS if metric.name.endswith("_seconds") else SIZES
            assert buckets == expected * (len(buckets) // len(expected)), metric.name


def test_a_level_is_asked_when_somebody_looks_and_absent_while_nobody_knows():
    registry, answers = CollectorRegistry(), iter([3, None, 0])
    level = Level("level", "How much there is of something.", registry)
    assert registry.get_sample_value("level") is None
    level.source = lambda: next(answers)
    assert [registry.get_sample_value("level") for _ in range(3)] == [3, None, 0]


def found(registry):
    return [sample for metric in registry.collect() for sample in metric.samples]


@given(lists(floats(0, 20) | sampled_from(meters.SECONDS)), sampled_from([meters.SECONDS, meters.SIZES]))
def test_a_spread_tells_what_a_histogram_of_the_library_would(values, bounds):
    kinds = {Spread: CollectorRegistry(), Histogram: CollectorRegistry()}
    for kind, registry in kinds.items():
        each = kind("size", "How much of it there is.", buckets=bounds, registry=registry)
        for value in values:
            each.observe(value)
    told, expected = ({(s.name, *s.labels.values()): s.value for s in found(each)} for each in kinds.values())
    assert told == {name: value for name, value in expected.items() if name != ("size_created",)}


def test_many_threads_may_fill_a_spread_while_it_is_looked_at():
    registry, threads, each = CollectorRegistry(), 4, 5 * MANY
    spread = Spread("size", "How much of it there is.", meters.SECONDS, registry)

    def fill(_) -> None:
        for _ in range(each):
            spread.observe(1)

    with ThreadPoolExecutor(threads) as pool:
        filling = pool.map(fill, range(threads))
        seen = [registry.get_sample_value("size_count") for _ in range(50)]
        list(filling)
    assert seen == sorted(seen)
    assert registry.get_sample_value("size_count") == registry.get_sample_value("size_sum") == threads * each
    assert len(spread._fresh) == 0
