"""Pipelines in which an index can give the order.

A server takes an index for `$sort` only where nothing but `$match` stands before it, and the backend writes the
columns first (`$project`, or `$addFields` with the sorted ones). Then the head of a log, its newest entry, would be
found by reading the whole log. So the stages that sort and cut go before stages that hand the sorted columns on as
they are.
"""

from typing import Any

Stage = dict[str, Any]


def sorted_early(stages: list[Stage]) -> list[Stage]:
    """The same pipeline, with `$sort`, `$skip` and `$limit` before the columns where that makes no difference."""
    at = next((at for at, stage in enumerate(stages) if "$sort" in stage), 0)
    if at == 0 or not _hands_on(stages[at - 1], stages[at]["$sort"]):
        return stages
    end = at + 1
    while end < len(stages) and stages[end].keys() <= {"$skip", "$limit"}:
        end += 1
    return sorted_early([*stages[: at - 1], *stages[at:end], stages[at - 1], *stages[end:]])


def _hands_on(stage: Stage, columns: dict[str, int]) -> bool:
    """Whether these columns are the same after it."""
    (fields,) = stage.values()
    if "$project" in stage:
        return all(fields.get(column) == 1 for column in columns)
    return "$addFields" in stage and all(fields.get(column) == f"${column}" for column in columns)
