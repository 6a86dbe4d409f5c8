"""The order of a pipeline's stages: nothing comes out otherwise, and reads by key order can go by an index."""

from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Subquery
from hypothesis import given
from hypothesis import strategies as st

from collabdocs.databases import database
from collabdocs.mongo.base import DatabaseWrapper
from collabdocs.mongo.pipeline import Stage, sorted_early
from documents import logtable
from documents.models import Collaborator, Document, Operation

COLUMNS = ("a", "b", "c")
rows = st.lists(st.fixed_dictionaries({column: st.integers(0, 3) for column in COLUMNS}), max_size=8)
hands_on = st.dictionaries(st.sampled_from(COLUMNS), st.just(1), min_size=1).map(lambda some: {"$project": some})
computes = st.tuples(st.sampled_from(COLUMNS), st.sampled_from(COLUMNS)).map(
    lambda ab: {"$addFields": {ab[0]: f"${ab[1]}"}}
)
sorts = st.dictionaries(st.sampled_from(COLUMNS), st.sampled_from((1, -1)), min_size=1).map(lambda by: {"$sort": by})
cuts = st.tuples(st.sampled_from(("$skip", "$limit")), st.integers(1, 4)).map(lambda cut: dict([cut]))
pipelines = st.lists(st.one_of(hands_on, computes, sorts, cuts), max_size=6)


def run(stages: list[Stage], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a server makes of them."""
    for stage in stages:
        ((name, body),) = stage.items()
        if name == "$sort":
            for column, direction in reversed(body.items()):
                rows = sorted(rows, key=lambda row, c=column: row.get(c, -1), reverse=direction < 0)
        elif name == "$skip":
            rows = rows[body:]
        elif name == "$limit":
            rows = rows[:body]
        elif name == "$project":
            rows = [{column: row[column] for column in body if column in row} for row in rows]
        else:
            ((column, source),) = body.items()
            rows = [row | ({column: row[source[1:]]} if source[1:] in row else {}) for row in rows]
    return rows


@given(pipelines, rows)
def test_nothing_comes_out_otherwise(stages, rows):
    assert run(sorted_early(stages), rows) == run(stages, rows)


def test_a_computed_column_is_sorted_after_it_was_computed():
    stages = [{"$project": {"a": "$b"}}, {"$sort": {"a": 1}}]
    assert sorted_early(stages) == stages


@pytest.fixture(scope="module")
def mongo() -> DatabaseWrapper:
    """A connection that compiles queries and is never opened."""
    defaults = {"USER": "", "PASSWORD": "", "PORT": "", "TIME_ZONE": None, "CONN_MAX_AGE": 0, "AUTOCOMMIT": True}
    return DatabaseWrapper(defaults | database("mongodb://nowhere.invalid/cats", "FULL"), "default")


def compiled(queryset: Any, mongo: DatabaseWrapper) -> list[Stage]:
    compiler = queryset.query.get_compiler(connection=mongo)
    compiler.pre_sql_setup()
    return compiler.build_query(compiler.columns).get_pipeline()


def names(stages: list[Stage]) -> list[str]:
    return [name for stage in stages for name in stage]


def test_the_head_of_a_log_is_the_first_of_its_keys(mongo):
    newest = Operation.objects.filter(key__gt="a", key__lte="b").order_by("-key")
    for columns in (newest[:1], newest.values_list("version", "created_at")[:1]):
        assert names(compiled(columns, mongo))[:3] == ["$match", "$sort", "$limit"]


def test_so_it_is_beside_a_document(mongo):
    document = uuid4()
    given = Collaborator.objects.filter(document_id=document).values("role")[:1]
    found = Document.objects.filter(pk=document).annotate(given=Subquery(given), **logtable.head_columns(document))
    lookups = [stage["$lookup"] for stage in compiled(found, mongo) if "$lookup" in stage]
    heads = [names(lookup["pipeline"]) for lookup in lookups if lookup["from"] == Operation._meta.db_table]
    assert heads == [["$match", "$sort", "$limit", "$project"]] * 2
