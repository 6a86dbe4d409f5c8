"""What DATABASE_URL may say."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pymongo import MongoClient

from collabdocs.databases import database, is_mongo


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


def test_saved_is_on_the_disks_of_most_whatever_the_url_says():
    found = database("mongodb://mongo/cats?w=1&journal=false&retryWrites=false&readConcernLevel=local", "FULL")
    with MongoClient(found["HOST"], connect=False, **found["OPTIONS"]) as client:
        assert client.write_concern.document == {"w": "majority", "j": True, "wtimeout": 5000}
        assert client.read_concern.level == "majority"
        assert client.options.retry_writes


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
    ],
)
def test_nonsense_is_refused_with_a_sentence(url):
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL .*\.$"):
        database(url, "FULL")
