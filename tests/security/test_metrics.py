"""Who may read what Prometheus reads, and that it says how much goes on but not of whom."""

import re

import pytest
from django.test import Client

from documents import services

pytestmark = pytest.mark.django_db
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def status(peer="127.0.0.1", **headers) -> int:
    return Client(REMOTE_ADDR=peer).get("/metrics", headers=headers).status_code


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.1.2.3", "172.18.0.5", "192.168.1.9", "fd00::7"])
def test_those_near_may_read(peer):
    assert status(peer) == 200


@pytest.mark.parametrize("peer", ["8.8.8.8", "2606:4700::1111", "", "unix:", "nonsense"])
def test_nobody_else_may(peer):
    assert status(peer) == 404


@pytest.mark.parametrize("forwarded", ["8.8.8.8", "127.0.0.1", "10.0.0.1, 8.8.8.8", ""])
def test_what_a_proxy_passes_on_comes_from_outside(forwarded):
    assert status(**{"X-Forwarded-For": forwarded}) == 404


def test_with_a_token_only_the_token_counts(settings):
    settings.METRICS_TOKEN = "a-long-secret"
    assert status("8.8.8.8", Authorization="Bearer a-long-secret") == 200
    for wrong in ("", "a-long-secret", "Bearer ", "Bearer a-long-secre", "Bearer a-long-secret ", "Bearer ä"):
        assert status(Authorization=wrong) == 404, wrong
    assert status() == 404


def test_it_names_nobody_and_nothing(client_for, alice):
    document = services.create_document(owner=alice, title="Merger with Umbrella", content="geheim")
    client = client_for(alice)
    client.get(f"/api/documents/{document.id}?search=umbrella")
    client.get(f"/api/documents/{document.id}/export?format=nonsense")
    client.get("/api/nowhere/alice@example.org")
    said = Client().get("/metrics").content.decode()
    labels = LABEL.findall(said)
    assert {name for name, _ in labels} >= {"view", "method"}
    secrets = (str(document.id), document.id.hex, str(alice.id), "alice", "umbrella", "geheim", "@")
    found = [(name, value) for name, value in labels for secret in secrets if secret in value.lower()]
    assert not found
    assert not [value for _, value in labels if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", value)]
