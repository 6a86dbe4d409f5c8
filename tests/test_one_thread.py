"""However many middlewares there are, a request is carried to a thread once, and back."""

import pytest
from asgiref.sync import SyncToAsync
from channels.testing import HttpCommunicator

from collabdocs.one_thread import OneThread

SECONDS = 10.0


@pytest.fixture
def carried(monkeypatch) -> list[str]:
    """What went from the event loop to a thread, before the answer began."""
    names, call = [], SyncToAsync.__call__

    async def counted(self, *args, **kwargs):
        names.append(getattr(self.func, "__qualname__", repr(self.func)))
        return await call(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    return names


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/api/documents", 401), ("/none", 404)])
async def test_a_request_keeps_to_one_thread(transactional_db, carried, path, status):
    headers = [(b"host", b"localhost")]
    answer = await HttpCommunicator(OneThread(), "GET", path, headers=headers).get_response(timeout=SECONDS)
    assert answer["status"] == status
    afterwards = ("Signal", ".close", "log_response")
    assert [name for name in carried if not any(part in name for part in afterwards)] == [
        "convert_exception_to_response.<locals>.inner"
    ]
