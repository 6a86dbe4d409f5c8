"""Plans in the shapes that servers give them: what reads a whole collection is found, wherever it stands."""

import pytest

from tests.mongo.plans import facts, is_by_index, scans

FETCH = {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "_id_"}}
ROLE = {"$lookup": {"from": "role"}, "totalDocsExamined": 1, "collectionScans": 0, "indexesUsed": ["role_by_document"]}


def plan(winning: dict, *stages: dict, rejected: tuple = ()) -> dict:
    planner = {"winningPlan": winning, "rejectedPlans": list(rejected)}
    return {"stages": [{"$cursor": {"queryPlanner": planner}}, *stages]} if stages else {"queryPlanner": planner}


@pytest.mark.parametrize(
    "sound",
    [
        plan(FETCH),
        plan({"stage": "IDHACK"}),
        plan({"stage": "EXPRESS_IXSCAN"}),
        plan({"isCached": False, "stage": "PROJECTION_SIMPLE", "inputStage": FETCH}),
        plan({"isCached": False, "queryPlan": FETCH, "slotBasedPlan": {"stages": "[1] nlj"}}),
        plan(FETCH, ROLE),
        plan({"stage": "EQ_LOOKUP", "strategy": "IndexedLoopJoin", "inputStage": FETCH}),
        plan(FETCH, rejected=({"stage": "COLLSCAN"},)),
    ],
)
def test_by_an_index(sound):
    assert scans(sound) == [] and is_by_index(sound)


@pytest.mark.parametrize(
    "slow",
    [
        plan({"stage": "COLLSCAN"}),
        plan({"stage": "SORT", "inputStage": {"stage": "COLLSCAN"}}),
        plan({"stage": "OR", "inputStages": [FETCH["inputStage"], {"stage": "COLLSCAN"}]}),
        plan(FETCH, ROLE | {"collectionScans": 1}),
        plan({"stage": "EQ_LOOKUP", "strategy": "NestedLoopJoin", "inputStage": FETCH}),
        {"shards": {"one": plan({"stage": "COLLSCAN"})}},
    ],
)
def test_a_whole_collection(slow):
    assert scans(slow) != []


def test_nothing_at_all_is_no_index():
    assert not is_by_index(plan({"stage": "EOF"}))


def test_what_was_asked_says_nothing_of_what_was_done():
    assert list(facts({"command": {"stage": "COLLSCAN"}, "ok": 1.0})) == [("ok", 1.0)]
