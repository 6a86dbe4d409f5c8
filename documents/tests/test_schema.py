"""The schema tells the truth: every address is in it, and every answer has the shape that it tells."""

import re
from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from accounts.errors import Problem
from documents import services
from documents.tests.rest import DOCUMENTS, url

NOT_THE_API = {"/api/schema", "/api/docs"}  # what tells of it


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_it_is_valid_and_complete():
    """Any warning is a failure: a shape or a parameter that drf-spectacular had to guess."""
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    assert out.getvalue().startswith("openapi: 3")


# --- Every address --------------------------------------------------------------------------------------------


def addresses(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        written = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, prefix + written)
        elif isinstance(pattern, URLPattern):
            yield prefix + re.sub(r"\(\?P<(\w+)>.*?\)", r"{\1}", written.strip("^$")).removesuffix("/?")


def test_every_address_is_in_it_and_no_other(schema):
    there = {address for address in addresses(get_resolver().url_patterns) if address.startswith("/api/")}
    assert there - NOT_THE_API == set(schema["paths"])


def test_every_method_is_in_it_and_no_other(schema, client_for, alice):
    for path, methods in schema["paths"].items():
        answer = client_for(alice).options(re.sub(r"{\w+}", str(uuid4()), path.replace("{version}", "0")))
        allowed = {method.lower() for method in answer["Allow"].split(", ")} - {"head", "options"}
        assert allowed == set(methods), path


# --- Every operation ------------------------------------------------------------------------------------------


def test_every_operation_is_described(schema):
    for path, method, operation in operations(schema):
        assert operation["summary"] and operation["description"] and len(operation["tags"]) == 1, (path, method)
    names = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(set(names)) == len(names) and all(re.fullmatch("[a-z_]+", name) for name in names)
    used = {tag for _, _, operation in operations(schema) for tag in operation["tags"]}
    assert used == {tag["name"] for tag in schema["tags"]}


def test_every_body_has_an_example_of_its_shape(schema):
    for path, method, operation in operations(schema):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [response for status, response in operation["responses"].items() if status < "300"]
        for media_type, media in [(kind, each) for body in bodies for kind, each in body.get("content", {}).items()]:
            if media["schema"].get("format") == "binary" or "form" in media_type:
                continue
            assert media["examples"], (path, method)
            for example in media["examples"].values():
                assert_fits(schema, media["schema"], example["value"])


def test_every_operation_tells_its_problems(schema):
    for path, method, operation in operations(schema):
        statuses = set(operation["responses"])
        assert {"400", "503"} <= statuses, (path, method)
        assert ("401" in statuses) == bool(operation.get("security") and {} not in operation["security"])
        assert ("404" in statuses) == ("{" in path or path.endswith("/redeem"))
        assert ("429" in statuses) == (method != "get" or "401" in statuses)
        assert ("415" in statuses) == ("requestBody" in operation)
        assert ("413" in statuses) == ("415" in statuses or operation["operationId"] == "list_history")


def test_every_problem_has_an_example_of_its_shape(schema):
    problem = {"$ref": "#/components/schemas/Problem"}
    for name, response in schema["components"]["responses"].items():
        examples = response["content"]["application/problem+json"]["examples"]
        for code, example in examples.items():
            assert_fits(schema, problem, example["value"])
            assert example["value"]["code"] == code and f"Problem{example['value']['status']}" == name


def kinds_of(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from kinds_of(each)


def test_every_code_is_told(schema):
    """Of those that our apps refuse with by themselves."""
    responses = schema["components"]["responses"].values()
    told = {code for each in responses for code in each["content"]["application/problem+json"]["examples"]}
    ours = {kind for kind in kinds_of(Problem) if ".tests." not in kind.__module__}
    assert {kind.code for kind in ours} - {"server_error"} <= told


# --- Every answer ---------------------------------------------------------------------------------------------


def assert_fits(schema: dict[str, Any], shape: dict[str, Any], value: Any) -> None:
    """Not a member more and not one less than the schema tells."""
    jsonschema.validate(value, closed(schema, shape), format_checker=jsonschema.FormatChecker())


def closed(schema: dict[str, Any], shape: Any) -> Any:
    """As JSON Schema, without references, and with no member that is not told."""
    if isinstance(shape, list):
        return [closed(schema, each) for each in shape]
    if not isinstance(shape, dict):
        return shape
    if "$ref" in shape:
        return closed(schema, schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]])
    made = {name: closed(schema, inner) for name, inner in shape.items() if name != "nullable"}
    if made.get("type") == "object":
        made["additionalProperties"] = False
    return {"anyOf": [made, {"type": "null"}]} if shape.get("nullable") else made


ASKED = [
    ("get", "", None),
    ("put", "", {"content": "the dog", "version": 1}),
    ("patch", "", {"title": "Another"}),
    ("get", "history", None),
    ("get", "revisions", None),
    ("get", "operations", None),
    ("post", "operations", {"client_id": str(uuid4()), "seq": 1, "base_version": 0, "operation": ["x"]}),
    ("get", "versions", None),
    ("get", "versions?at=2100-01-01", None),
    ("get", "versions/1", None),
    ("post", "versions/1/name", {"name": "First"}),
    ("get", "diff?from=0", None),
    ("get", "blame", None),
    ("post", "restore", {"version": 0}),
    ("get", "collaborators", None),
    ("post", "collaborators", {"username": "mallory", "role": "viewer"}),
    ("post", "share-links", {"role": "viewer"}),
    ("get", "share-links", None),
    ("post", "comments", {"body": "Why?", "range": [0, 3]}),
    ("get", "comments", None),
]


@pytest.mark.parametrize(("method", "rest", "body"), ASKED, ids=lambda value: str(value)[:20])
def test_every_answer_has_the_shape_that_is_told(schema, ask, alice, bob, mallory, document, method, rest, body):
    services.replace_content(document, "the black cat", author=bob)
    document.head = 2
    services.name_version(document, 2, "Black", actor=bob)
    answer = ask(alice, method, url(document, rest) if rest else url(document), body)
    path = "/".join(filter(None, [DOCUMENTS, "{doc_id}", re.sub(r"\?.*", "", rest).replace("s/1", "s/{version}")]))
    told = schema["paths"][path][method]["responses"][str(answer.status_code)]["content"]["application/json"]
    assert_fits(schema, told["schema"], answer.json())
    assert not isinstance(answer.json(), dict) or answer.json().get("results") != []


def test_the_list_has_the_shape_that_is_told(schema, ask, alice, document):
    told = schema["paths"][DOCUMENTS]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = ask(alice, "get", DOCUMENTS).json()
    assert answer["count"] == 1
    assert_fits(schema, told, answer)
