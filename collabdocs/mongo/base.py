"""MongoDB's own backend for Django, with our compilers, and with patience for what takes long."""

from contextlib import ExitStack
from typing import Any, Self

import pymongo
from django_mongodb_backend import base, operations, schema

A_DAY = 86_400  # seconds


class DatabaseOperations(operations.DatabaseOperations):
    compiler_module = "collabdocs.mongo.compiler"


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """An index of a large collection takes its time, which is not `timeoutMS`."""

    def __enter__(self) -> Self:
        self._patience = ExitStack()
        self._patience.enter_context(pymongo.timeout(A_DAY))
        entered: Self = super().__enter__()
        return entered

    def __exit__(self, *error: Any) -> None:
        with self._patience:
            super().__exit__(*error)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
    ops_class = DatabaseOperations
