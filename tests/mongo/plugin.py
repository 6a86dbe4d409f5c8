"""What pytest does otherwise on MongoDB: `python -m tests.mongo` asks for this plugin.

Between tests Django empties every table there, and then makes its permissions and content types anew, which took
more time than the tests. They stay what they are, so they stay where they are.
"""

from collections.abc import Iterator
from typing import Any

import pytest

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
LEFT_OUT = {
    "documents/ot/": "no database in it",
    "documents/tests/test_small_model.py": "no database in it",
    "documents/tests/test_random_model.py": "thousands of games on a model of both databases",
    "documents/tests/test_move.py": "brings its own databases",
    "tests/mongo/test_front.py": "brings its own emulator",
    "tests/mongo/test_move.py": "brings its own emulator",
    "realtime/tests/test_room.py::test_all_rooms_of_a_process": "each room has its own lane",
    "realtime/tests/test_room.py::test_one_room_in_trouble": "each room has its own lane",
    "tests/faults/": "brings its own emulator",
    "tests/packaging/": "no database in it",
    "tests/browser/": "what a browser does is the same, and the server's part is tested without one",
    "tests/test_converges.py": "no database in it",
    "tests/test_ledger.py": "no database in it",
    "tests/test_releases.py::test_its_documents_go_on": "the recording is SQLite's file",
    "tests/test_start.py::test_services_are_asked": "asks for SQLite",
    "tests/test_start.py::test_a_migration_needs_no_broker": "MongoDB alone is warned of",
    "tests/test_start.py::test_a_start_says_what_is_in_use": "names SQLite's file",
    "tests/test_draining.py::test_what_is_asked_is_answered": "holds SQLite's file",
    "tests/test_draining.py::test_a_database_that_hangs": "holds SQLite's file",
    "tests/test_draining.py::test_who_asks_twice": "holds SQLite's file",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what shows nothing of MongoDB, and say why."""
    for item in items:
        reason = next((reason for path, reason in LEFT_OUT.items() if item.nodeid.startswith(path)), None)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def empty(tables: list[str]) -> None:
    """Delete what tests have written."""
    from django.db import connection

    for table in set(tables) - KEPT:
        connection.database[table].delete_many({})


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly() -> Iterator[None]:
    from django.db import connection
    from django.test import TransactionTestCase

    with pytest.MonkeyPatch.context() as patch:
        tables = connection.introspection.django_table_names(only_existing=False)
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty(tables))
        yield


@pytest.fixture(autouse=True)
def _no_files_looked_for(settings: Any) -> None:
    """WhiteNoise would list all static files for each client of a test."""
    settings.WHITENOISE_AUTOREFRESH = True
