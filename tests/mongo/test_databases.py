"""What DATABASE_URL may say."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from pymongo import MongoClient, ReadPreference, _csot

from collabdocs.databases import database, is_mongo
from collabdocs.mongo.base import DatabaseWrapper


def test_sqlite_syncs_at_each_commit():
    found = database("sqlite:////tmp/some%20where/cats.sqlite3", "FULL")
    assert (found["ENGINE"], found["NAME"]) == ("django.db.backends.sqlite3", "/tmp/some where/cats.sqlite3")
    assert "synchronous=FULL" in found["OPTIONS"]["init_command"]
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize("hosts", ["mongo", "ann:s%40fe@one:27018,two,three", "[::1]:27017"])
def test_mongodb(hosts):
    found = database(f"mongodb://{hosts}/cats?replicaSet=rs0&maxPoolSize=7", "FULL")
    assert (found["ENGINE"], found["NAME"]) == ("collabdocs.mongo", "cats")
    with MongoClient(found["HOST"], connect=False, **found["OPTIONS"]) as client:
        assert client.options.pool_options.max_pool_size == 7
        assert client.options.pool_options.wait_queue_timeout == 2
        assert client.options.server_selection_timeout == 3
        assert client.options.retry_writes


@pytest.mark.parametrize(
    "weaker",
    [
        "w=0",
        "w=1",
        "W=2",
        "journal=false",
        "wTimeoutMS=1",
        "wTimeoutMS=0",
        "fsync=false",
        "retryWrites=false",
        "readConcernLevel=local",
        "readConcernLevel=available",
        "readPreference=secondary",
        "readPreference=nearest",
        "w=1&journal=false&retryWrites=false&readConcernLevel=local&readPreference=secondaryPreferred",
    ],
)
def test_saved_is_on_the_disks_of_most_and_read_again_whatever_the_url_says(weaker):
    found = database(f"mongodb://mongo/cats?{weaker}", "FULL")
    with MongoClient(found["HOST"], connect=False, **found["OPTIONS"]) as client:
        for asked in (client, client["cats"], client["cats"]["operations"]):
            assert asked.write_concern.document.items() >= {"w": "majority", "j": True, "wtimeout": 5000}.items()
            assert asked.read_concern.level == "majority"
            assert asked.read_preference == ReadPreference.PRIMARY
        assert client.options.retry_writes and client.options.retry_reads


def test_patience_is_for_a_whole_operation_and_can_be_chosen():
    found = database("mongodb://mongo/cats", "FULL")
    with MongoClient(found["HOST"], connect=False, **found["OPTIONS"]) as client:
        assert (client.options.timeout, client.options.server_selection_timeout) == (5, 3)
        pool = client.options.pool_options
        assert (pool.max_pool_size, pool.connect_timeout, pool.socket_timeout) == (50, 3, 10)
    found = database("mongodb://mongo/cats?timeoutms=1500&heartbeatFrequencyMS=700&waitQueueTimeoutMS=9", "FULL")
    with MongoClient(found["HOST"], connect=False, **found["OPTIONS"]) as client:
        assert client.options.timeout == 1.5
        assert client.options.pool_options.wait_queue_timeout == 0.009


def test_an_index_may_take_longer_than_a_question():
    wrapper = DatabaseWrapper(connections["default"].settings_dict | database("mongodb://mongo/cats", "FULL"), "cats")
    with wrapper.schema_editor():
        assert _csot.remaining() > 3600
    assert _csot.get_timeout() is None


def test_a_cluster_named_by_dns_is_not_looked_up_at_start():
    assert database("mongodb+srv://cluster.invalid/cats", "FULL")["NAME"] == "cats"
    assert is_mongo("mongodb+srv://cluster.invalid/cats")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://somewhere/cats",
        "cats.sqlite3",
        "mongodb://",
        "mongodb://mongo",
        "mongodb://mongo/",
        "mongodb:///cats",
        "mongodb://mongo/a.b",
        "mongodb://mongo/a/b",
        "mongodb://mongo:99999/cats",
        "mongodb://[::1/cats",
        "mongodb://mongo/cats?maxPoolSizes=7",
        "mongodb://mongo/cats?fsync=true",
        "mongodb://mongo/cats?readPreference=secondary&maxStalenessSeconds=120",
        "mongodb://mongo/cats?readPreference=nearest&readPreferenceTags=dc:ny",
    ],
)
def test_nonsense_is_refused_with_a_sentence(url):
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL .*\.$"):
        database(url, "FULL")
