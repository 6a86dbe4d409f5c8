"""Operational transformation of plain text: values and functions, no I/O, only the standard library."""

from .diff import diff
from .operation import (
    Component,
    InvalidOperation,
    Operation,
    apply,
    base_length,
    canonical,
    deleted_length,
    inserted_length,
    invert,
    length_change,
    parse,
    to_json,
    validate,
)
from .transform import compose, transform, transform_position

__all__ = [
    "Component",
    "InvalidOperation",
    "Operation",
    "apply",
    "base_length",
    "canonical",
    "compose",
    "deleted_length",
    "diff",
    "inserted_length",
    "invert",
    "length_change",
    "parse",
    "to_json",
    "transform",
    "transform_position",
    "validate",
]
