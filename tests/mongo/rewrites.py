"""What mongo-java-server does not take, or takes wrongly, said in words that it understands.

The two tables say what and why. A value under `$literal` is data and stays what it is.
"""

from collections.abc import Callable, Iterable
from typing import Any

Document = dict[str, Any]


def pipeline(stages: Iterable[Document]) -> list[Document]:
    """The stages of an aggregation, rewritten, the inner ones too."""
    return [_stage(name, body) for stage in stages for name, body in stage.items()]


def expression(value: Any) -> Any:
    """An expression or a query, rewritten."""
    if isinstance(value, list):
        return [expression(each) for each in value]
    if not isinstance(value, dict) or "$literal" in value:
        return value
    value = {key: expression(each) for key, each in value.items()}
    for name, rewrite in EXPRESSIONS.items():
        if name in value:
            return rewrite(value[name], value)
    return value


def _stage(name: str, body: Any) -> Document:
    if name == "$facet":
        return {name: {key: pipeline(stages) for key, stages in body.items()}}
    if name == "$lookup" and "pipeline" in body:
        body = body | {"pipeline": pipeline(body["pipeline"])}
    else:
        body = expression(body)
    name, rewrite = STAGES.get(name, (name, lambda same: same))
    return {name: rewrite(body)}


def index(wanted: Document) -> Document:
    """It heeds no `partialFilterExpression`. A sparse index leaves out what lacks the column: see `without_nulls`."""
    if not wanted.get("unique"):
        return wanted
    return {key: value for key, value in wanted.items() if key != "partialFilterExpression"} | {"sparse": True}


def without_nulls(document: Document, columns: Iterable[str]) -> Document:
    """Without these columns where they are null, which reads the same."""
    return {key: value for key, value in document.items() if value is not None or key not in columns}


def _key_last(fields: Document) -> Document:
    return {key: value for key, value in fields.items() if key != "_id"} | {k: fields[k] for k in fields if k == "_id"}


def _one_join(lookup: Document) -> Document:
    """Either by fields or by a pipeline, whose first stage then compares what the fields had compared."""
    if "localField" not in lookup or "pipeline" not in lookup:
        return lookup
    rest = {key: value for key, value in lookup.items() if key not in {"localField", "foreignField", "pipeline"}}
    local, foreign = lookup["localField"], lookup["foreignField"]
    if not lookup["pipeline"]:
        return rest | {"localField": local, "foreignField": foreign}
    same = {"$match": {"$expr": {"$eq": [f"${foreign}", "$$joined"]}}}
    return rest | {"let": lookup.get("let", {}) | {"joined": f"${local}"}, "pipeline": [same, *lookup["pipeline"]]}


def _flat(fields: Document) -> Document:
    found: Document = {}
    for key, value in fields.items():
        if isinstance(value, dict) and not any(name.startswith("$") for name in value):
            found |= {f"{key}.{name}": inner for name, inner in _flat(value).items()}
        else:
            found[key] = value
    return found


def _field_of_first(body: Document, _: Document) -> Document:
    array, _first = body["input"]["$arrayElemAt"]
    return {"$reduce": {"input": array, "initialValue": None, "in": f"$$this.{body['field']}"}}


def _missing_or_not(of: Any, whole: Document) -> Document:
    """Good for comparing with "missing" alone, which is all that is asked."""
    if not (isinstance(of, dict) or (isinstance(of, str) and of.startswith("$"))):
        return whole  # the query operator of that name
    return {"$cond": [{"$eq": [{"$ifNull": [of, None]}, None]}, "missing", "there"]}


STAGES: dict[str, tuple[str, Callable[[Document], Document]]] = {
    "$set": ("$addFields", _key_last),  # not known by that name
    "$addFields": ("$addFields", _key_last),  # computed one after the other: a new _id would hide the old one's fields
    "$lookup": ("$lookup", _one_join),  # by fields and pipeline at once is refused
    "$project": ("$project", _flat),  # {a: {b: 1}} is taken for the value {b: 1}
}
EXPRESSIONS: dict[str, Callable[[Any, Document], Any]] = {
    "$getField": _field_of_first,  # not known; asked of the one element of a list
    "$type": _missing_or_not,  # not known
}
