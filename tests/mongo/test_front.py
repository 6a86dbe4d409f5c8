"""The front gives what a real server gives where the emulator, asked directly, refuses or answers wrongly."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psutil
import pytest
from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, ServerSelectionTimeoutError

from tests.mongo.server import EmulatedMongo, lacking

pytestmark = pytest.mark.skipif(
    bool(lacking()) and not os.environ.get("CI"), reason=f"LEFT OUT: not installed: {lacking()}"
)


@pytest.fixture(scope="module")
def mongo() -> Iterator[EmulatedMongo]:
    server = EmulatedMongo().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(mongo: EmulatedMongo) -> Iterator[MongoClient]:
    with MongoClient(mongo.url, w="majority", journal=True, retryWrites=True, serverSelectionTimeoutMS=3000) as client:
        yield client


@pytest.fixture
def cats(client: MongoClient) -> Collection:
    """A collection of its own, with three in it."""
    cats = client.get_default_database()[f"cats{uuid4().hex}"]
    cats.insert_many([{"_id": n, "name": name, "kittens": n} for n, name in enumerate(("Tom", "Kitty", "Felix"))])
    return cats


def test_it_is_taken_for_a_server_of_today(client):
    assert client.server_info()["versionArray"][:2] == [7, 0]


def test_an_update_by_pipeline(cats):
    done = cats.update_many({"kittens": {"$gte": 1}}, [{"$set": {"kittens": {"$add": ["$kittens", {"$literal": 1}]}}}])
    assert (done.matched_count, [cat["kittens"] for cat in cats.find().sort("_id")]) == (2, [0, 2, 3])
    assert cats.update_many({"name": "Nobody"}, [{"$set": {"kittens": 9}}]).matched_count == 0


def test_data_that_looks_like_an_expression_is_data(cats):
    cats.update_many({"_id": 1}, [{"$set": {"name": {"$literal": "$kittens"}}}])
    assert [cat["name"] for cat in cats.find().sort("_id")] == ["Tom", "$kittens", "Felix"]


def test_updates_do_not_overtake_one_another(cats):
    add = [{"$set": {"kittens": {"$add": ["$kittens", {"$literal": 1}]}}}]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: cats.update_many({"_id": 0}, add), range(80)))
    assert cats.find_one({"_id": 0})["kittens"] == 80


def test_one_of_a_kind_and_many_of_none(cats):
    cats.create_index([("name", 1)], unique=True, partialFilterExpression={"name": {"$type": "string"}})
    cats.insert_many([{"_id": 3, "name": None}, {"_id": 4, "name": None}])
    assert cats.count_documents({"name": None}) == 2
    with pytest.raises(DuplicateKeyError):
        cats.insert_one({"_id": 5, "name": "Tom"})
    with pytest.raises(DuplicateKeyError):
        cats.update_many({"_id": 1}, [{"$set": {"name": {"$literal": "Tom"}}}])
    assert cats.update_many({"_id": 1}, [{"$set": {"name": {"$literal": None}}}]).matched_count == 1
    assert cats.count_documents({"name": None}) == 3


def test_a_join_by_fields_and_pipeline(cats):
    of_the_parent = {"from": cats.name, "localField": "kittens", "foreignField": "_id", "as": "same"}
    for stages, names in (([], ["Felix"]), ([{"$match": {"name": "Tom"}}], [])):
        (found,) = cats.aggregate([{"$match": {"_id": 2}}, {"$lookup": of_the_parent | {"pipeline": stages}}])
        assert [each["name"] for each in found["same"]] == names


def test_columns_of_what_was_joined(cats):
    joined = [{"$match": {"_id": 1}}, {"$set": {"cat": {"name": "$name", "kittens": 5}}}]
    assert list(cats.aggregate([*joined, {"$project": {"cat": {"name": 1}}}])) == [{"_id": 1, "cat": {"name": "Kitty"}}]


def test_fields_made_of_a_key_that_is_made_anew(cats):
    grouped = [{"$match": {"_id": 1}}, {"$group": {"_id": {"_id": "$_id", "name": "$name"}}}]
    stages = [*grouped, {"$addFields": {"_id": "$_id._id", "name": "$_id.name"}}]
    assert list(cats.aggregate(stages)) == [{"_id": 1, "name": "Kitty"}]


def test_the_first_ones_field_though_it_is_a_list(cats):
    first = {"$getField": {"input": {"$arrayElemAt": ["$group", 0]}, "field": "names"}}
    stages = [{"$facet": {"group": [{"$group": {"_id": None, "names": {"$push": "$name"}}}]}}, {"$set": {"all": first}}]
    assert [found["all"] for found in cats.aggregate(stages)] == [["Tom", "Kitty", "Felix"]]


def test_what_is_missing_is_known(cats):
    whether = {"$cond": {"if": {"$eq": [{"$type": "$tail"}, "missing"]}, "then": "no", "else": "yes"}}
    cats.update_many({"_id": 0}, [{"$set": {"tail": 1}}])
    assert [cat["t"] for cat in cats.aggregate([{"$set": {"t": whether}}, {"$sort": {"_id": 1}}])] == [
        "yes",
        "no",
        "no",
    ]


def test_long_inserts_and_long_answers(cats):
    cats.delete_many({})
    cats.insert_many([{"_id": n, "text": "é" * 1000} for n in range(3000)])
    assert [cat["_id"] for cat in cats.find({}, batch_size=100).sort("_id")] == list(range(3000))


def test_integers_stay_as_wide_as_they_were(cats):
    raw = cats.with_options(CodecOptions(document_class=dict))
    raw.insert_one({"_id": 9, "small": 1, "large": 2**40})
    assert raw.find_one({"_id": 9}) == {"_id": 9, "small": 1, "large": 2**40}
    assert raw.count_documents({"_id": 9, "large": {"$type": "long"}, "small": {"$type": "int"}}) == 1


def test_nothing_is_left_of_it():
    server = EmulatedMongo().start()
    before = [process.pid for process in psutil.Process().children(recursive=True)]
    url = server.url
    server.stop()
    left = {process.pid for process in psutil.Process().children(recursive=True)}
    assert len(set(before) - left) == 2
    with pytest.raises(ServerSelectionTimeoutError), MongoClient(url, serverSelectionTimeoutMS=200) as client:
        client.server_info()
