"""What the schema says of problems is what `problems` answers; and how the schema itself is served."""

import pytest
import yaml
from rest_framework.test import APIClient

from collabdocs.problems import STATUS_OF
from collabdocs.schema import PROBLEMS

OF_SOCKETS_ALONE = {"log_changed"}


@pytest.fixture
def anybody(settings) -> APIClient:
    settings.ROOT_URLCONF = "collabdocs.urls"
    return APIClient()


def test_each_code_is_told_under_its_status():
    told = {code: status for status, (_, examples) in PROBLEMS.items() for code in examples}
    assert {code: told.get(code) for code in STATUS_OF if code not in OF_SOCKETS_ALONE}.items() <= STATUS_OF.items()


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html,*/*;q=0.8"])
@pytest.mark.parametrize("address", ["/api/schema", "/api/schema/"])
def test_the_schema_is_json(anybody, accept, address):
    answer = anybody.get(address, **({} if accept is None else {"HTTP_ACCEPT": accept}))
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.") and answer.json()["info"]["title"] == "CollabDocs"


def test_or_yaml_for_who_asks_for_it(anybody):
    answer = anybody.get("/api/schema", HTTP_ACCEPT="application/yaml")
    assert answer["Content-Type"].startswith("application/yaml")
    assert yaml.safe_load(answer.content) == anybody.get("/api/schema").json()


def test_a_bad_token_hides_nothing(anybody):
    assert anybody.get("/api/schema", HTTP_AUTHORIZATION="Bearer x").status_code == 200


def test_it_is_made_once(anybody, monkeypatch):
    first = anybody.get("/api/schema")
    monkeypatch.setattr("drf_spectacular.generators.SchemaGenerator.parse", None)
    assert anybody.get("/api/schema").content == first.content
