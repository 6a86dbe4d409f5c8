"""What one person may ask for in a minute, by the API and by pages; that others are not harmed; and how it fails."""

import pytest
from django.test import Client
from redis.exceptions import RedisError

from accounts import throttles
from accounts.throttles import Rate
from documents import services
from documents.models import Document

FEW = 3


@pytest.fixture(autouse=True)
def _limited(settings):
    settings.RATE_LIMITS = True


@pytest.fixture
def few(monkeypatch):
    """`few("WORK_BY_USER")`: three of that in a minute."""

    def set_rate(name: str) -> None:
        monkeypatch.setattr(throttles, name, Rate(name, FEW, 60))

    return set_rate


@pytest.fixture
def plan(alice):
    return services.create_document(owner=alice, title="Plan", content="hello")


def asks(ask, times=FEW + 1) -> list[int]:
    return [ask(n).status_code for n in range(times)]


READS = ["", "/{id}", "/{id}/history", "/{id}/operations", "/{id}/versions/1", "/{id}/collaborators"]
DEAR = ["/{id}/html", "/{id}/export", "/export", "/{id}/diff?from=0", "/{id}/blame", "/{id}/revisions", "?search=x"]


@pytest.mark.parametrize("path", READS)
def test_reads(client_for, alice, bob, plan, few, path):
    few("READS_BY_USER")
    url = "/api/documents" + path.format(id=plan.id)
    assert asks(lambda _: client_for(alice).get(url)) == [200] * FEW + [429]
    answer = client_for(alice).get(url)
    assert answer.json()["code"] == "rate_limited" and 0 < int(answer["Retry-After"]) <= 60
    assert client_for(bob).get("/api/documents").status_code == 200


@pytest.mark.parametrize("path", DEAR)
def test_what_costs_much(client_for, alice, plan, few, path):
    few("WORK_BY_USER")
    url = "/api/documents" + path.format(id=plan.id)
    assert asks(lambda _: client_for(alice).get(url)) == [200] * FEW + [429]
    assert client_for(alice).get(f"/api/documents/{plan.id}").status_code == 200


def test_a_page_of_history_costs_much(alice, plan, few):
    few("WORK_BY_USER")
    client = Client()
    client.force_login(alice)
    assert asks(lambda _: client.get(f"/documents/{plan.id}/history/?version=1&since=0")) == [200] * FEW + [429]
    assert client.get("/documents/").status_code == 200


def test_restoring_costs_much(client_for, alice, plan, few):
    few("WORK_BY_USER")
    url = f"/api/documents/{plan.id}/restore"
    assert asks(lambda _: client_for(alice).post(url, {"version": 1}, format="json")) == [200] * FEW + [429]


def test_imports_cost_much(client_for, alice, few):
    few("WORK_BY_USER")
    answers = asks(lambda _: client_for(alice).post("/api/documents/import", {}))
    assert answers == [400] * FEW + [429]


def test_new_documents(client_for, alice, few):
    few("CREATIONS_BY_USER")
    assert asks(lambda _: client_for(alice).post("/api/documents", {}, format="json")) == [201] * FEW + [429]
    assert Document.objects.count() == FEW


def test_new_documents_by_the_page(alice, few):
    few("CREATIONS_BY_USER")
    client = Client()
    client.force_login(alice)
    assert asks(lambda _: client.post("/documents/new", {"title": "x"})) == [302] * (FEW + 1)
    assert Document.objects.count() == FEW
    assert "Too many attempts" in client.get("/documents/").content.decode()


def test_pages_are_counted(alice, few):
    few("READS_BY_USER")
    client = Client()
    client.force_login(alice)
    assert asks(lambda _: client.get("/documents/")) == [200] * FEW + [429]
    answer = client.get("/documents/")
    assert 0 < int(answer["Retry-After"]) <= 60 and "too often" in answer.content.decode()


def test_what_pages_send_is_counted_with_what_programs_write(alice, client_for, few):
    few("WRITES_BY_USER")
    client = Client()
    client.force_login(alice)
    assert asks(lambda _: client.post("/documents/new", {"title": "x"})) == [302] * FEW + [429]
    assert client_for(alice).post("/api/documents", {}, format="json").status_code == 429


@pytest.mark.parametrize("who", [{"username": "nobody{}"}, {"email": "nobody{}@example.org"}])
def test_whoever_looks_for_people_is_stopped(client_for, alice, plan, few, who):
    """To add somebody tells whether there is such a person: not thousands of times."""
    few("LOOK_UPS_BY_USER")
    [(member, pattern)] = who.items()

    def ask(n):
        body = {member: pattern.format(n), "role": "viewer"}
        return client_for(alice).post(f"/api/documents/{plan.id}/collaborators", body, format="json")

    assert asks(ask) == [400] * FEW + [429]


def test_whoever_looks_for_people_by_the_page_is_stopped(alice, plan, few):
    few("LOOK_UPS_BY_USER")
    client = Client()
    client.force_login(alice)
    url = f"/documents/{plan.id}/share/"
    said = [client.post(url, {"action": "add", "name": f"n{n}", "role": "viewer"}, follow=True) for n in range(4)]
    assert ["Too many attempts" in answer.content.decode() for answer in said] == [False] * FEW + [True]


class Broken:
    def __getattr__(self, name):
        def fail(*_, **__):
            raise RedisError("down")

        return fail


def test_without_a_cache_each_process_counts(client_for, alice, plan, few, monkeypatch):
    monkeypatch.setattr(throttles, "cache", Broken())
    few("WORK_BY_USER")
    url = f"/api/documents/{plan.id}/blame"
    assert asks(lambda _: client_for(alice).get(url)) == [200] * FEW + [429]


def test_the_rates_are_generous():
    """An editor's tab asks for a few pages and a token now and then; a program that polls asks once a second."""
    assert throttles.READS_BY_USER.limit >= 20 * 60 and throttles.OPENS_BY_USER.limit >= 600
    assert throttles.HANDSHAKES_BY_ADDRESS.limit >= 3 * 300, "300 people behind one address, and three restarts"
