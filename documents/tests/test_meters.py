"""What the meters count of documents: operations by whatever road, races for the log, the cache."""

from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.cache import caches

from collabdocs import meters
from documents import history, oplog
from documents.copies import cached
from documents.oplog import Log
from documents.tests.readings import Readings
from documents.tests.rest import url
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db


def outcomes(grown: Readings) -> list[float]:
    return [grown("collabdocs_operations_total", outcome=each) for each in ("committed", "resent", "refused")]


def test_it_works(ask, bob, document):
    grown = Readings()
    ask(bob, "put", url(document), {"content": "the dog"})
    assert outcomes(grown) == [1, 0, 0]
    assert grown("collabdocs_commit_seconds_count") == grown("collabdocs_batch_operations_count") == 1
    assert grown("collabdocs_batch_operations_sum") == 1
    assert grown("collabdocs_commit_seconds_sum") > 0


def test_resends_and_refusals_are_told_apart(alice, document):
    log, tab, other = Log(document.id), Writer(alice.id), Writer(alice.id)
    grown = Readings()
    first = tab.writes("a", base=1)
    log.append([first, other.writes("b", base=1), tab.writes(-99, base=2)])
    assert outcomes(grown) == [2, 0, 1]
    assert grown("collabdocs_refusals_total", code="invalid_operation") == 1
    log.append([first, other.writes("c", base=99)])
    assert outcomes(grown) == [2, 1, 2]
    assert grown("collabdocs_refusals_total", code="version_unknown") == 1
    assert grown("collabdocs_batch_operations_sum") == 2


def test_all_rooms_in_one_commit_are_counted(alice, document):
    jobs = [(Log(each), [Writer(alice.id).writes("a", base=0)]) for each in (uuid4(), uuid4())]
    grown = Readings()
    oplog.append_all(jobs)
    assert outcomes(grown) == [2, 0, 0]
    assert grown("collabdocs_batch_operations_sum") == 2


def test_who_loses_a_race_is_counted(alice, document):
    fast, slow = Log(document.id), Log(document.id)
    fast.append([Writer(alice.id).writes("a", base=1)])
    grown = Readings()
    slow.append([Writer(alice.id).writes("b", base=1)])
    assert grown("collabdocs_commit_retries_total") == 1
    assert outcomes(grown) == [1, 0, 0]
    assert grown("collabdocs_commit_seconds_count") == 2


def test_the_cache_hits_misses_and_fails(document):
    def ask() -> list[float]:
        grown = Readings()
        assert cached.text(document.id, 1) == "the cat"
        return [grown("collabdocs_cache_total", what="text", outcome=each) for each in ("hit", "miss", "failed")]

    assert ask() == [0, 1, 0]
    assert ask() == [1, 0, 0]
    with patch.object(type(caches["texts"]), "get", side_effect=OSError("away")):
        assert ask() == [0, 0, 1]
    caches["texts"].set(cached._key("text", document.id, 1), 17)
    assert ask() == [0, 0, 1]


def test_what_is_cached_of_a_version_is_no_label(ask, bob, document):
    ask(bob, "put", url(document), {"content": "the dog"})
    grown = Readings()
    ask(bob, "get", url(document, "diff") + "?from=1&to=2")
    document.head = 2
    history.html_of(document, 1)
    assert grown("collabdocs_cache_total", what="diff", outcome="miss") == 1
    assert grown("collabdocs_cache_total", what="html", outcome="miss") == 1
    kinds = {sample.labels["what"] for metric in meters.CACHE.collect() for sample in metric.samples}
    assert kinds <= {"text", "html", "diff"}
