"""Reading what MongoDB's `explain` says, as 7 and 8 say it, with `executionStats`.

A join shows its inner side in two ways: as a stage EQ_LOOKUP with a `strategy`, where the newer engine takes it, else
as a `$lookup` that counts its `collectionScans`.
"""

from collections.abc import Iterator
from typing import Any

BY_INDEX = ("IXSCAN", "IDHACK", "EXPRESS", "CLUSTERED_IXSCAN", "COUNT_SCAN", "DISTINCT_SCAN")
WHOLE = ("NestedLoopJoin", "HashJoin")  # these read all of the joined collection


def facts(plan: Any) -> Iterator[tuple[str, Any]]:
    """Every key of the plan with its value, at whatever depth; what was rejected is left out."""
    if isinstance(plan, list):
        for each in plan:
            yield from facts(each)
    elif isinstance(plan, dict):
        for key, value in plan.items():
            if key not in ("rejectedPlans", "command"):
                yield key, value
                yield from facts(value)


def scans(plan: Any) -> list[tuple[str, Any]]:
    """Where a whole collection is read."""
    return [
        (key, value)
        for key, value in facts(plan)
        if (key == "stage" and value == "COLLSCAN")
        or (key == "strategy" and value in WHOLE)
        or (key == "collectionScans" and int(value) > 0)
    ]


def is_by_index(plan: Any) -> bool:
    return any(key == "stage" and str(value).startswith(BY_INDEX) for key, value in facts(plan))
