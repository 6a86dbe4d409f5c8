"""Texts in the cache: what a read costs, what a write drops, and what a broken cache may do (nothing)."""

from unittest.mock import patch

import pytest
from django.core.cache import caches
from redis.exceptions import ConnectionError as RedisConnectionError

from documents import history, services
from documents.copies import cached, texts
from documents.tests.rest import url

pytestmark = pytest.mark.django_db


def write(document, words):
    services.replace_content(document, words, author=document.owner)


def test_a_cached_read_is_one_query_beside_the_token(client_for, vera, document, django_assert_num_queries):
    reader = client_for(vera)
    assert reader.get(url(document)).json()["content"] == "the cat"
    with django_assert_num_queries(2) as asked:  # who asks; then role, owner and head at once
        assert reader.get(url(document)).json()["content"] == "the cat"
    assert "operation" in asked[1]["sql"] and '"data"' not in asked[1]["sql"]


def test_an_old_version_is_cached_too(document):
    write(document, "the dog")
    document.head = 2
    assert history.text_of(document, 1) == "the cat"
    with patch.object(texts, "text_at", side_effect=AssertionError("read again")):
        assert history.text_of(document, 1) == "the cat"


def test_a_write_shows_at_once_and_drops_the_old(ask, bob, document):
    ask(bob, "get", url(document))
    key = cached._key("text", document.id, 1)
    assert caches["texts"].get(key) == "the cat"
    ask(bob, "put", url(document), {"content": "the dog"})
    assert caches["texts"].get(key) is None
    assert ask(bob, "get", url(document)).json()["content"] == "the dog"


@pytest.mark.parametrize("method", ["get", "set", "delete"])
@pytest.mark.parametrize("failure", [RedisConnectionError("away"), TimeoutError(), ValueError("no JSON")])
def test_a_cache_that_fails_harms_nobody(ask, bob, document, method, failure):
    with patch.object(type(caches["texts"]), method, side_effect=failure):
        assert ask(bob, "get", url(document)).json()["content"] == "the cat"
        assert ask(bob, "put", url(document), {"content": "the dog"}).json()["content"] == "the dog"
        assert ask(bob, "get", url(document)).json()["content"] == "the dog"


def test_what_lies_there_but_is_no_text_is_not_served(document):
    caches["texts"].set(cached._key("text", document.id, 1), 17)
    assert cached.text(document.id, 1) == "the cat"


def test_a_renamed_history_forgets(document):
    cached.text(document.id, 1)
    services.new_log_identity()
    assert caches["texts"].get(cached._key("text", document.id, 1)) is None


def test_an_error_is_not_cached(document):
    with patch.object(texts, "text_at", side_effect=OSError("disk")), pytest.raises(OSError, match="disk"):
        cached.text(document.id, 1)
    assert cached.text(document.id, 1) == "the cat"
