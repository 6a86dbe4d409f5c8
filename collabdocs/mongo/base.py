"""MongoDB's own backend for Django, with our compilers."""

from django_mongodb_backend import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    compiler_module = "collabdocs.mongo.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
