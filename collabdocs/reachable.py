"""`manage.py check --database default`: does each service that is configured answer, and is the database up to date?"""

import sys
from collections.abc import Callable, Iterator, Sequence
from textwrap import shorten
from typing import Any

import pymongo
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from collabdocs.reach import ask_broker, ask_cache

PATIENCE = 3.0  # seconds that each service has


@register(Tags.database)
def check_services(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Nothing, unless databases may be asked. `migrate` asks for this, too, and needs no more than the database."""
    if not databases or DEFAULT_DB_ALIAS not in databases:
        return []
    found = list(_database())
    return found if _is_migrating() else [*found, *_broker(), *_cache()]


def _is_migrating() -> bool:
    return sys.argv[1:2] == ["migrate"]


def _database() -> Iterator[CheckMessage]:
    try:
        with pymongo.timeout(PATIENCE):  # SQLite waits for nobody who only reads
            missing = _unapplied_migrations()
    except Exception as error:  # whatever a database may raise
        yield Error(
            f"The database does not answer: {_said(error)}",
            hint="Is DATABASE_URL right, and does what it names run? Nothing can be read or saved without it.",
            id="collabdocs.E101",
        )
    else:
        if missing and not _is_migrating():
            yield Error(
                f"{missing} migrations are not applied to the database.",
                hint="Run manage.py migrate.",
                id="collabdocs.E102",
            )


def _unapplied_migrations() -> int:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _broker() -> Iterator[CheckMessage]:
    if error := _failure(ask_broker):
        yield Error(
            f"RabbitMQ does not let us in: {_said(error)}",
            hint="Is RABBITMQ_URL right, and does the broker run? Without it others see an edit after seconds.",
            id="collabdocs.E103",
        )


def _cache() -> Iterator[CheckMessage]:
    if error := _failure(ask_cache):
        yield Error(
            f"Redis does not answer: {_said(error)}",
            hint="Is REDIS_URL right, and does Redis run? Without it texts are read from the database each time.",
            id="collabdocs.E104",
        )


def _failure(ask: Callable[[float], None]) -> Exception | None:
    try:
        ask(PATIENCE)
    except Exception as error:  # whatever a service or its library may raise
        return error
    return None


def _said(error: Exception) -> str:
    """Without the state of all servers, which MongoDB's errors go on with."""
    return shorten(str(error).partition(" (configured timeouts")[0] or type(error).__name__, 200)
