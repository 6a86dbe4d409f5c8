"""Writes vectors.json: what every implementation of the operations must agree on, in whatever language.

    python -m documents.ot.tests.make_vectors

Python (`test_vectors.py`) and TypeScript (`editor/`) read the same file. Telling cases are written by hand
and named, the rest are drawn from a seed. `canonical` outputs have no trailing retain. `transform` entries
hold both sides of one diamond, `a` standing first. Every position and length counts code points, only
`code_unit` counts UTF-16 units.
"""

import json
from pathlib import Path
from random import Random
from typing import Any

from documents.ot import (
    Component,
    Operation,
    apply,
    canonical,
    compose,
    invert,
    parse,
    transform,
    transform_position,
)
from documents.ot.operation import MAX_LENGTH

FILE = Path(__file__).with_name("vectors.json")
Vector = dict[str, Any]

FAMILY = "👩\u200d👩\u200d👧"
PIECES = f"a|b|c| |\n|é|e\u0301|ß|שלום|م|漢|𠮷|😀|👍🏽|{FAMILY}|🇩🇪|\ufeff|\u2028".split("|")


# -- by hand ----------------------------------------------------------------------------------------------

CANONICAL: list[tuple[str, list[Component]]] = [
    ("nothing", []),
    ("only a trailing retain", [5]),
    ("trailing retain", [2, "x", 3]),
    ("empty components", [0, "", 2, "", 0, "x", 0]),
    ("neighbouring retains", [2, 3, "x"]),
    ("neighbouring inserts", ["ab", "cd"]),
    ("neighbouring deletes", [-2, -3]),
    ("insert before delete", [1, -2, "x"]),
    ("a place with many", [1, -1, "a", -1, "", "b", 0, -1, 2, "c"]),
    ("empty retain between", ["a", 0, "b", -1, 0, -1]),
    ("becomes nothing", [3, "", 4, 0]),
    ("as far as numbers go", [MAX_LENGTH - 1, -1]),
    ("surrogate pairs are one code point", ["😀", "𠮷", -1]),
]

INVALID: list[tuple[str, object]] = [
    ("no list: null", None),
    ("no list: a number", 3),
    ("no list: a string", "abc"),
    ("no list: an object", {"0": 1}),
    ("no list: a boolean", True),
    ("null inside", [1, None]),
    ("true is no integer", [True]),
    ("false is no integer", [1, False]),
    ("fraction", [1.5]),
    ("nested list", [[1]]),
    ("ot-text-unicode's delete", [{"d": 2}]),
    ("retain too large", [MAX_LENGTH + 1]),
    ("delete too large", [-MAX_LENGTH - 1]),
    ("sum too large", [MAX_LENGTH, "x", 1]),
    ("sum of both kinds too large", [-MAX_LENGTH, -1]),
    ("carriage return", ["a\rb"]),
    ("CRLF", ["\r\n"]),
    ("NUL", [1, "\0"]),
    ("lone high surrogate", ["a\ud83d"]),
    ("lone low surrogate", ["\ude00a"]),
    ("surrogates the wrong way round", ["\ude00\ud83d"]),
    ("a pair torn into two components", ["\ud83d", "\ude00"]),
]

APPLY: list[tuple[str, str, Operation]] = [
    ("nothing to nothing", "", ()),
    ("first text", "", ("hello",)),
    ("in the middle", "held", (2, "ad an")),
    ("replace", "the cat sat", (4, "dog", -3)),
    ("after an emoji", "a😀b", (2, "!")),
    ("within a family", FAMILY, (2, -2)),
    ("delete all", "שלום\n", (-5,)),
    ("at the end", "abc", (3, "d")),
]

TRANSFORM: list[tuple[str, Operation, Operation]] = [
    ("tie", (3, "a"), (3, "b")),
    ("tie at the start", ("a",), ("b",)),
    ("over nothing", (3, "a"), ()),
    ("apart", (1, "a"), (5, "b")),
    ("insert inside the other's delete", (3, "a"), (1, -5)),
    ("insert at the start of the other's delete", (1, "a"), (1, -5)),
    ("insert at the end of the other's delete", (6, "a"), (1, -5)),
    ("insert inside the other's replacement", (3, "a"), (1, "b", -5)),
    ("insert at the start of the other's replacement", (1, "a"), (1, "b", -5)),
    ("insert at the end of the other's replacement", (6, "a"), (1, "b", -5)),
    ("both replace the same", (2, "a", -3), (2, "b", -3)),
    ("both delete the same", (2, -3), (2, -3)),
    ("deletes overlap", (2, -4), (4, -4)),
    ("delete within delete", (1, -8), (3, -2)),
    ("delete split by an insert", (2, -4), (4, "b")),
    ("inserts meet when what parts them goes", (1, "a", 2, "b"), (1, -2)),
    ("becomes nothing", (2, -1), (1, -3)),
    ("insert and delete change places", (1, -2, 1, "a"), (3, -1)),
    ("emoji count as one", (2, "😀"), ("👍🏽", 1, -1)),
    ("many ties", ("a", 1, "b", 1, "c"), ("x", 1, "y", 1, "z")),
]

COMPOSE: list[tuple[str, Operation, Operation]] = [
    ("typing on", (5, "a"), (6, "b")),
    ("typing and erasing", (5, "ab"), (6, -1)),
    ("typing and erasing all", (5, "ab"), (5, -2)),
    ("nothing first", (), (1, "a")),
    ("nothing second", (1, "a"), ()),
    ("delete through an insert", (2, "xyz"), (1, -5)),
    ("insert where something was deleted", (2, -3), (2, "a")),
    ("split an insert", ("😀😀",), (1, "a")),
    ("retain past the end of the first", (1, "a"), (10, -2)),
    ("deletes join", (2, -2), (1, -2)),
]

INVERT: list[tuple[str, str, Operation]] = [
    ("nothing", "abc", ()),
    ("insert", "abc", (1, "x")),
    ("delete", "a😀c", (1, -1)),
    ("replace", "the cat", (4, "dog", -3)),
    ("at the end", "abc", (3, "d")),
]

POSITION: list[tuple[str, int, Operation]] = [
    ("nothing happens", 3, ()),
    ("insert left of it", 3, (2, "ab")),
    ("insert at it", 3, (3, "ab")),
    ("insert right of it", 3, (4, "ab")),
    ("insert at the very start", 0, ("ab",)),
    ("delete left of it", 5, (1, -2)),
    ("delete up to it", 5, (1, -4)),
    ("delete around it", 5, (1, -8)),
    ("delete from it on", 5, (5, -3)),
    ("replacement around it", 5, (1, "xy", -8)),
    ("replacement from it on", 5, (5, "xy", -3)),
    ("emoji count as one", 2, (1, "😀")),
]

UTF16 = ["", "abc", "a😀b", FAMILY, "𠮷野家", "e\u0301👍🏽", "שלום 🇩🇪\n", "\uffff\U00010000\U0010ffff"]


# -- by chance --------------------------------------------------------------------------------------------


def random_text(rng: Random, pieces: int) -> str:
    return "".join(PIECES[rng.randrange(len(PIECES))] for _ in range(rng.randrange(pieces + 1)))


def random_components(rng: Random, length: int) -> list[Component]:
    """An operation for a text of `length` code points, in careless form: empty parts, equal neighbours."""
    components: list[Component] = []
    while length and rng.randrange(8):
        kind, reach = rng.randrange(3), min(length, rng.randrange(6))
        components.append(random_text(rng, 2) if kind == 0 else reach if kind == 1 else -reach)
        length -= 0 if kind == 0 else reach
    return [*components, random_text(rng, 1)]


def random_operation(rng: Random, text: str) -> Operation:
    return canonical(random_components(rng, len(text)))


def code_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def vectors(seed: int = 1, each: int = 40) -> dict[str, list[Vector]]:
    rng = Random(seed)
    carelessly = [random_components(rng, 20) for _ in range(each)]
    texts = [random_text(rng, 12) for _ in range(each)]
    single = [(text, random_operation(rng, text)) for text in texts]
    diamonds = [(random_operation(rng, text), random_operation(rng, text)) for text in texts * 2]
    runs = [(a, random_operation(rng, apply(text, a))) for text, a in single]
    places = [(rng.randrange(len(text) + 1), a) for text, a in single]
    return {
        "canonical": [canonical_vector(c, n) for n, c in CANONICAL] + [canonical_vector(c) for c in carelessly],
        "invalid": [{"why": why, "input": value} for why, value in INVALID],
        "apply": [apply_vector(t, a, n) for n, t, a in APPLY] + [apply_vector(t, a) for t, a in single],
        "transform": [transform_vector(a, b, n) for n, a, b in TRANSFORM]
        + [transform_vector(a, b) for a, b in diamonds],
        "compose": [compose_vector(a, b, n) for n, a, b in COMPOSE] + [compose_vector(a, b) for a, b in runs],
        "invert": [invert_vector(t, a, n) for n, t, a in INVERT] + [invert_vector(t, a) for t, a in single],
        "position": [position_vector(p, a, before, n) for n, p, a in POSITION for before in (False, True)]
        + [position_vector(p, a, before) for p, a in places for before in (False, True)],
        "utf16": [utf16_vector(text, i) for text in UTF16 for i in range(len(text) + 1)],
    }


def named(name: str | None, **values: object) -> Vector:
    return ({"name": name} if name else {}) | values


def canonical_vector(components: list[Component], name: str | None = None) -> Vector:
    return named(name, input=components, output=canonical(parse(components)))


def apply_vector(text: str, operation: Operation, name: str | None = None) -> Vector:
    return named(name, text=text, operation=operation, result=apply(text, operation))


def transform_vector(a: Operation, b: Operation, name: str | None = None) -> Vector:
    return named(name, a=a, b=b, a_first=transform(a, b, first=True), b_second=transform(b, a, first=False))


def compose_vector(a: Operation, b: Operation, name: str | None = None) -> Vector:
    return named(name, a=a, b=b, result=compose(a, b))


def invert_vector(text: str, operation: Operation, name: str | None = None) -> Vector:
    return named(name, text=text, operation=operation, result=invert(operation, text))


def position_vector(position: int, operation: Operation, before: bool, name: str | None = None) -> Vector:
    result = transform_position(position, operation, before=before)
    return named(name, position=position, operation=operation, before=before, result=result)


def utf16_vector(text: str, code_point: int) -> Vector:
    return {"text": text, "code_point": code_point, "code_unit": code_units(text[:code_point])}


# -- the file ---------------------------------------------------------------------------------------------


def as_json(vectors: dict[str, list[Vector]]) -> str:
    """One vector a line, so that a change reads as one; ASCII, so that no editor or terminal can touch it."""
    parts = [
        f'"{key}": [\n' + ",\n".join(json.dumps(vector) for vector in group) + "\n]" for key, group in vectors.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(as_json(vectors()), encoding="ascii")
