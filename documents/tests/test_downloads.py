"""A download that is written while it is sent ends with its session, or at last; one person has few of them at once."""

import io
import zipfile
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from accounts import tokens
from accounts.errors import InvalidToken, Problem
from documents import history, services
from documents.api import downloads
from documents.tests.rest import DOCUMENTS, refusal

EXPORTS = [f"{DOCUMENTS}/export", "/api/users/me/export"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),  # by the synchronous client
]


@pytest.fixture
def texts(alice):
    """Three documents of alice's."""
    return [services.create_document(owner=alice, title=f"No {n}", content="x" * 1000) for n in range(3)]


@pytest.fixture
def after_one(monkeypatch):
    """`after_one(work)`: that happens when the first text has been read. What has been read, by id."""

    def set_work(work) -> list:
        read, real = [], history.current_text

        def current_text(document_id):
            read.append(document_id)
            found = real(document_id)
            if len(read) == 1:
                work()
            return found

        monkeypatch.setattr(history, "current_text", current_text)
        return read

    monkeypatch.setattr(downloads, "LOOK_EVERY", 0.0)
    return set_work


def disabled(user) -> None:
    user.is_active = False
    user.save()


@pytest.mark.parametrize("path", EXPORTS)
@pytest.mark.parametrize("end", [lambda user: user.end_sessions(), disabled], ids=["log-out", "disabled"])
def test_it_ends_with_the_session(ask, alice, texts, after_one, path, end):
    read = after_one(lambda: end(alice))
    answer = ask(alice, "get", path)
    with pytest.raises(InvalidToken):
        b"".join(answer)
    assert read == [texts[0].id]


@pytest.mark.parametrize("path", EXPORTS)
def test_another_session_that_ends_is_none_of_its_business(ask, alice, texts, after_one, path):
    other = tokens.start_session(alice)
    read = after_one(lambda: tokens.revoke(other.refresh_token))
    with zipfile.ZipFile(io.BytesIO(b"".join(ask(alice, "get", path)))) as archive:
        assert archive.testzip() is None
    assert read == [each.id for each in texts]


def test_it_is_not_for_ever(ask, alice, texts, after_one, monkeypatch):
    read = after_one(lambda: monkeypatch.setattr(downloads.time, "monotonic", lambda: float("inf")))
    with pytest.raises(Problem, match="at most 1800 seconds"):
        b"".join(ask(alice, "get", EXPORTS[0]))
    assert len(read) == 1


def test_the_session_is_asked_for_now_and_then(alice, django_assert_num_queries):
    session = tokens.verify_access(tokens.start_session(alice).access_token).session_id
    with django_assert_num_queries(2):
        assert list(downloads.while_good(session, iter([b"x"] * 1000))) == [b"x"] * 1000


# --- How many ---


@pytest.fixture
def limited(settings):
    settings.RATE_LIMITS = True


def under_way(user) -> int:
    return downloads._under_way[str(user.pk)]


@pytest.mark.parametrize("path", EXPORTS)
def test_of_one_person_few_are_under_way(ask, alice, bob, limited, path):
    going = [ask(alice, "get", each) for each in EXPORTS * 2]
    refused = ask(alice, "get", path)
    assert refusal(refused) == (429, "rate_limited") and refused["Retry-After"] == "10"
    assert ask(bob, "get", path).status_code == 200
    assert b"".join(going[0]), "whoever has all of one may have another"
    going[0] = ask(alice, "get", path)
    assert going[0].status_code == 200 and ask(alice, "get", path).status_code == 429


def test_one_that_nobody_takes_is_forgotten(alice, limited):
    """Closed, or not even that."""
    request = SimpleNamespace(user=alice, auth=tokens.verify_access(tokens.start_session(alice).access_token))
    for _ in range(2 * downloads.AT_ONCE):
        made = downloads.Download(request, iter([b"x"]), name="x.zip")
        assert under_way(alice) <= 2
    assert under_way(alice) == 1
    made.close()
    made.close()
    assert under_way(alice) == 0


@pytest.mark.django_db(transaction=True)
async def test_one_that_is_broken_off_is_forgotten(alice, texts, limited, after_one):
    """As a server runs it, piece by piece."""
    after_one(alice.end_sessions)
    pair = await sync_to_async(tokens.start_session)(alice)
    answer = await AsyncClient().get(EXPORTS[0], headers={"authorization": f"Bearer {pair.access_token}"})
    assert answer.status_code == 200 and under_way(alice) == 1
    with pytest.raises(InvalidToken):
        async for _ in answer:
            pass
    assert under_way(alice) == 0
