"""The name of this installation's history: there is one from the first moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from documents import services
from documents.models import LogIdentity

SO_MANY = 4


@pytest.mark.skipif(connection.vendor == "mongodb", reason="no transactions: migrate makes it")
@pytest.mark.django_db(transaction=True)
def test_many_who_come_first_agree():
    for _ in range(5):
        LogIdentity.objects.all().delete()
        everybody = Barrier(SO_MANY)

        def asks(_: int, everybody: Barrier = everybody) -> str:
            try:
                everybody.wait()
                return services.log_identity()
            finally:
                connection.close()

        with ThreadPoolExecutor(SO_MANY) as threads:
            assert len(set(threads.map(asks, range(SO_MANY)))) == 1
        assert LogIdentity.objects.count() == 1


@pytest.mark.django_db
def test_a_new_name_counts_whatever_the_clocks_said():
    services.log_identity()
    LogIdentity.objects.update(created_at=timezone.now() + timedelta(days=400))
    for _ in range(3):
        name = services.new_log_identity()
        assert services.log_identity() == name


@pytest.mark.django_db(transaction=True)
def test_whoever_makes_the_tables_names_the_history():
    LogIdentity.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert LogIdentity.objects.count() == 1
    name = services.log_identity()
    call_command("migrate", verbosity=0)
    assert services.log_identity() == name and LogIdentity.objects.count() == 1
