"""The shared vectors: Python agrees with the file, and the file with the script that writes it."""

import json
from typing import Any

import pytest

from documents.ot import (
    InvalidOperation,
    apply,
    canonical,
    compose,
    invert,
    parse,
    transform,
    transform_position,
)
from documents.ot.tests import make_vectors

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(make_vectors.FILE.read_text(encoding="ascii"))


def test_the_file_is_what_the_script_writes() -> None:
    assert make_vectors.FILE.read_text(encoding="ascii") == make_vectors.as_json(make_vectors.vectors())


def test_canonical() -> None:
    for vector in VECTORS["canonical"]:
        assert canonical(parse(vector["input"])) == parse(vector["output"]), vector


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda vector: vector["why"])
def test_invalid(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidOperation):
        parse(vector["input"])


def test_apply() -> None:
    for vector in VECTORS["apply"]:
        assert apply(vector["text"], parse(vector["operation"])) == vector["result"], vector


def test_transform() -> None:
    for vector in VECTORS["transform"]:
        a, b = parse(vector["a"]), parse(vector["b"])
        assert transform(a, b, first=True) == parse(vector["a_first"]), vector
        assert transform(b, a, first=False) == parse(vector["b_second"]), vector


def test_compose() -> None:
    for vector in VECTORS["compose"]:
        assert compose(parse(vector["a"]), parse(vector["b"])) == parse(vector["result"]), vector


def test_invert() -> None:
    for vector in VECTORS["invert"]:
        assert invert(parse(vector["operation"]), vector["text"]) == parse(vector["result"]), vector


def test_position() -> None:
    for vector in VECTORS["position"]:
        moved = transform_position(vector["position"], parse(vector["operation"]), before=vector["before"])
        assert moved == vector["result"], vector


def test_utf16() -> None:
    for vector in VECTORS["utf16"]:
        units = vector["text"].encode("utf-16-le")[: 2 * vector["code_unit"]]
        assert units.decode("utf-16-le") == vector["text"][: vector["code_point"]], vector
