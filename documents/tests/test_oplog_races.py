"""Threads and processes that append to the same logs at once, on one database.

RACE_SEED=7 pytest documents/tests/test_oplog_races.py asks for another order; the seed is printed.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection

from documents import oplog
from documents.copies import texts
from documents.tests.appender import append
from documents.tests.writers import assert_sound, text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
SECONDS = 90  # far above what it takes
Answer = tuple[UUID, UUID, int, int]


@pytest.fixture
def seed() -> int:
    seed = int(os.environ.get("RACE_SEED", "1"))
    print(f"RACE_SEED={seed}")
    return seed


def in_threads(documents: list[UUID], *, threads: int, count: int, seed: int) -> list[list[Answer]]:
    together = threading.Barrier(threads)

    def work(n: int) -> list[Answer]:
        try:
            together.wait()
            return append(documents, count, seed * 1000 + n)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(threads)))


def database_url() -> str:
    """The test database's."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return urlsplit(database["HOST"])._replace(path=f"/{database['NAME']}").geturl()


def in_processes(documents: list[UUID], *, processes: int, count: int, seed: int) -> list[list[Answer]]:
    environment = os.environ | {"DATABASE_URL": database_url(), "SECRET_KEY": settings.SECRET_KEY}
    command = [sys.executable, "-m", "documents.tests.appender"]
    workers = [
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        for _ in range(processes)
    ]
    try:
        for n, worker in enumerate(workers):
            job = {"documents": [str(document) for document in documents], "count": count, "seed": seed * 1000 + n}
            worker.stdin.write(json.dumps(job) + "\n")
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            worker.stdin.write("go\n")
        answers = [json.loads(worker.communicate(timeout=SECONDS)[0]) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return [[(UUID(d), UUID(c), seq, version) for d, c, seq, version in each] for each in answers]


def assert_all_is_there(documents: list[UUID], answers: list[list[Answer]], *, each: int) -> None:
    """The logs are sound, they hold what was answered and nothing else, and every way to read gives one text."""
    expected: dict[UUID, set] = defaultdict(set)
    for document, client, seq, version in (answer for of_one in answers for answer in of_one):
        expected[document].add((version, client, seq))
    for document in documents:
        entries = assert_sound(document)
        assert {(e.version, e.client_id, e.seq) for e in entries} == expected[document]
        assert len(entries) == each
        assert texts.text_at(document) == (each, text(document))
        texts.checkpoint(document, each // 2)
        assert texts.text_at(document) == (each, text(document))


@pytest.fixture
def lost(monkeypatch) -> list[int]:
    """How many rows each lost race was about."""
    lost, land = [], oplog._land

    def counted(news):
        won = land(news)
        if not won:
            lost.append(len(news))
        return won

    monkeypatch.setattr(oplog, "_land", counted)
    return lost


def test_threads_on_one_document(seed, lost):
    documents = [uuid4()]
    started = time.monotonic()
    answers = in_threads(documents, threads=6, count=25, seed=seed)
    assert time.monotonic() - started < SECONDS
    assert_all_is_there(documents, answers, each=150)
    print(f"lost {len(lost)} races")
    assert lost, "nobody has met anybody: this shows nothing"


def test_threads_on_several_documents(seed):
    """Each commits to all of them by one transaction, and loses races in some."""
    documents = [uuid4() for _ in range(4)]
    started = time.monotonic()
    answers = in_threads(documents, threads=5, count=15, seed=seed)
    assert time.monotonic() - started < SECONDS
    assert_all_is_there(documents, answers, each=75)


def test_processes_on_one_document(seed):
    documents = [uuid4()]
    answers = in_processes(documents, processes=3, count=20, seed=seed)
    assert_all_is_there(documents, answers, each=60)


def test_processes_on_several_documents(seed):
    documents = [uuid4() for _ in range(3)]
    answers = in_processes(documents, processes=3, count=12, seed=seed)
    assert_all_is_there(documents, answers, each=36)


@pytest.mark.skipif(not connection.features.supports_transactions, reason="nobody holds anything there")
def test_a_second_writer_that_holds_the_file_is_waited_for(seed):
    """`database is locked` never comes through: SQLite waits for whoever writes."""
    document = uuid4()
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN IMMEDIATE")
                held.set()
                go_on.wait()
                cursor.execute("COMMIT")
        finally:
            connection.close()

    def write() -> list[Answer]:
        try:
            return append([document], 3, seed)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        holder = pool.submit(hold)
        held.wait()
        writers = [pool.submit(write) for _ in range(2)]
        with pytest.raises(TimeoutError):
            writers[0].result(timeout=0.2)  # it waits, and neither fails nor gets past
        go_on.set()
        answers = [writer.result() for writer in writers]
        holder.result()
    assert_all_is_there([document], answers, each=6)
