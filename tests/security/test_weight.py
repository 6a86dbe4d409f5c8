"""How much one person may write in a minute, whatever it took to ask for it, and how many long texts are compared."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import throttles
from accounts.throttles import Rate
from documents import differences, history, services
from documents.errors import Busy
from documents.models import Document

TEXT = 10_000  # code points, which is bytes here
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limited(settings, monkeypatch):
    """Three such texts a minute, and what goes on beyond that."""
    settings.RATE_LIMITS = True
    monkeypatch.setattr(throttles, "WRITTEN_BY_USER", Rate("written-user", 3 * TEXT, 60))


@pytest.fixture
def document(alice):
    """Version 1 and version 2 have nothing in common."""
    made = services.create_document(owner=alice, content="a" * TEXT)
    services.replace_content(made, "b" * TEXT, author=None)
    return made


def restored(client, document, times):
    path = f"/api/documents/{document.id}/restore"
    return [client.post(path, {"version": 1 + n % 2}, format="json").status_code for n in range(times)]


def test_restoring_texts_in_turn(client_for, alice, bob, document):
    assert restored(client_for(alice), document, 3) == [200, 200, 429]
    assert history.head(document.id) == 4
    small = client_for(alice).patch(f"/api/documents/{document.id}", {"content": "b" * TEXT + "!"}, format="json")
    assert small.status_code == 200, "a small change weighs little"
    assert client_for(bob).post("/api/documents", {"content": "c" * TEXT}, format="json").status_code == 201


def test_restoring_by_the_page(alice, document):
    browser = Client()
    browser.force_login(alice)
    for n in range(4):
        browser.post(f"/documents/{document.id}/history/", {"action": "restore", "version": 1 + n % 2})
    assert history.head(document.id) == 4


def test_whole_texts_and_operations(client_for, alice, document):
    home, client = f"/api/documents/{document.id}", client_for(alice)
    assert client.put(home, {"content": "c" * TEXT}, format="json").status_code == 200
    submission = {"client_id": "7e2b7a5e-5a54-4d0e-9df4-0d2b1f2b8f0e", "seq": 1, "base_version": 3}
    heavy = submission | {"operation": ["d" * TEXT]}
    assert client.post(f"{home}/operations", heavy, format="json").status_code == 200
    refused = client.put(home, {"content": "e" * TEXT}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < int(refused["Retry-After"]) <= 60
    assert history.head(document.id) == 4


def test_who_has_to_wait_makes_no_empty_document(client_for, alice):
    asked = [client_for(alice).post("/api/documents", {"content": "c" * TEXT}, format="json") for _ in range(5)]
    assert [answer.status_code for answer in asked] == [201, 201, 201, 429, 429]
    assert Document.objects.count() == 3


def test_what_a_file_inflates_to_counts(client_for, alice):
    files = [SimpleUploadedFile(f"{n}.md", b"c" * TEXT) for n in range(5)]
    answer = client_for(alice).post("/api/documents/import", {"file": files})
    assert len(answer.json()["created"]) == 3 == Document.objects.count()
    assert [each["code"] for each in answer.json()["skipped"]] == ["rate_limited"] * 2


# --- Long differences ---


@pytest.fixture
def long_ones(monkeypatch):
    monkeypatch.setattr(differences, "LONG", 2 * TEXT - 10)


def test_writing_long_texts_costs_as_much_as_reading_differences(client_for, alice, document, long_ones, monkeypatch):
    monkeypatch.setattr(throttles, "WORK_BY_USER", Rate("work-user", 2, 60))
    home, client = f"/api/documents/{document.id}", client_for(alice)
    asked = [client.patch(home, {"content": "b" * TEXT + "!" * n}, format="json") for n in (1, 2, 3)]
    assert [answer.status_code for answer in asked] == [200, 200, 429]
    assert client.patch(home, {"title": "x"}, format="json").status_code == 200
    made = client.post("/api/documents", {"content": "c" * TEXT}, format="json")
    assert made.status_code == 201, "there is nothing to compare it with"


def test_two_are_made_at_once_and_some_wait(monkeypatch, long_ones):
    may_end, running, most = threading.Event(), [], []

    def slow(old, new):
        running.append(1)
        most.append(len(running))
        may_end.wait(10)
        running.pop()
        return ()

    monkeypatch.setattr(differences, "compared", slow)
    with ThreadPoolExecutor(14) as pool:
        asked = [pool.submit(differences.diff, "a" * TEXT, "b" * TEXT) for _ in range(14)]
        refused = list(islice(as_completed(asked, timeout=10), 4))
        assert {type(each.exception()) for each in refused} == {Busy}
        may_end.set()
        assert [each.result(10) for each in asked if each not in refused] == [()] * 10
    assert max(most) == 2


def test_who_has_waited_long_is_told(monkeypatch, long_ones):
    monkeypatch.setattr(differences, "PATIENCE", 0.05)
    with differences._made, differences._made, pytest.raises(Busy):
        differences.diff("a" * TEXT, "b" * TEXT)


def test_short_ones_wait_for_nobody(monkeypatch):
    with differences._made, differences._made:
        assert differences.diff("one", "two") == ("two", -3)
