"""Nothing secret stands in the log, however much it tells, nor in an answer that was not asked for it (S8)."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from conftest import PASSWORD
from tests.server import ROOT, Server
from tests.wire import Wire

MADE = re.compile(r"collabdocs_[\w-]{43}")
MAKE_TOKEN = """
from accounts import tokens
from accounts.models import User
from accounts.scopes import WHOLE
print(tokens.create_api_token(User.objects.get(username="alice"), "a program", WHOLE, None)[1])
"""


MAKE_WAY_BACK = """
from django.core import mail
from accounts import reset_forms
from accounts.models import User
reset_forms.send_way_back(User.objects.get(username="bob"), "")
"""


def made_by(server: Server, code: str, pattern: re.Pattern[str]) -> str:
    """What a program on the server's machine says that fits the pattern."""
    shell = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
    done = subprocess.run(shell, cwd=ROOT, env=os.environ | server.env, capture_output=True, check=True, timeout=60)
    return str(pattern.findall(done.stdout.decode())[-1])


class Walk:
    """Uses each kind of secret in every place where one may stand, rightly and wrongly."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, timeout=30)
        self.secrets = {"password": PASSWORD, "wrong password": "tr0ub4dor-and-3-horses"}
        self.said = ""  # in answers that were not asked for a secret

    def asks(self, method: str, path: str, *, gives: bool = False, **options: Any) -> Any:
        """`gives`: the answer is what tells a secret."""
        answer = self.http.request(method, path, **options)
        if not gives:
            self.said += f"{answer.url} {answer.headers} {answer.text}"
        with suppress(ValueError):
            return answer.json()

    def logs_in(self) -> None:
        asked = {"username": "alice", "password": self.secrets["wrong password"]}
        self.asks("POST", "/api/token", json=asked)
        pair = self.asks("POST", "/api/token", json=asked | {"password": PASSWORD}, gives=True)
        self.secrets |= {"spent refresh": pair["refresh_token"], "first access": pair["access_token"]}
        asked = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
        pair = self.asks("POST", "/api/token", json=asked, gives=True)
        self.secrets |= {"refresh": pair["refresh_token"], "access": pair["access_token"]}
        self.secrets["api token"] = made_by(self.server, MAKE_TOKEN, MADE)
        self.way_back = made_by(self.server, MAKE_WAY_BACK, re.compile(r"/password-reset/\S+"))
        self.secrets["way back"] = self.way_back.split("/")[-2]

    def shares(self) -> str:
        mine = {"Authorization": f"Bearer {self.secrets['api token']}"}
        document = self.asks("POST", "/api/documents", json={"content": "x"}, headers=mine)
        path = f"/api/documents/{document['doc_id']}"
        link = self.asks("POST", f"{path}/share-links", json={"role": "editor"}, headers=mine, gives=True)
        self.secrets["link"] = link["secret"]
        asked = {"secret": link["secret"], "name": "Dora"}
        guest = self.asks("POST", "/api/share-links/redeem", json=asked, gives=True)
        self.secrets |= {"guest's access": guest["access_token"], "guest's refresh": guest["refresh_token"]}
        return str(document["doc_id"])

    def browses(self, doc_id: str) -> None:
        self.asks("GET", "/log-in/", gives=True)
        form = {"username": "alice", "password": PASSWORD, "csrfmiddlewaretoken": self.http.cookies["csrftoken"]}
        self.asks("POST", "/log-in/", data=form | {"password": self.secrets["wrong password"]}, gives=True)
        self.asks("POST", "/log-in/", data=form, gives=True)
        self.secrets |= {"session": self.http.cookies["sessionid"]}
        for path in ("/documents/", f"/documents/{doc_id}/", f"/documents/{doc_id}/share/", "/shared", "/metrics"):
            self.asks("GET", path)
        self.http.cookies.clear()
        self.asks("GET", self.way_back, follow_redirects=True)

    def misplaces(self, doc_id: str) -> None:
        """Every secret as what it is not, and where it must not stand; an answer never gives it back."""
        for secret in list(self.secrets.values()):
            for scheme in ("Bearer", "Token", "Basic"):
                self.asks("GET", f"/api/documents/{doc_id}", headers={"Authorization": f"{scheme} {secret}"})
            self.asks("POST", "/api/token", json={"grant_type": "refresh_token", "refresh_token": secret + "x"})
            self.asks("POST", "/api/token", content=f'{{"password": "{secret}"')
            self.asks("POST", "/api/share-links/redeem", json={"secret": secret + "x", "name": "\u202e"})
            self.asks("POST", "/api/users", json={"username": "new", "password": secret, "email": "no"})
            self.asks("POST", "/log-in/", data={"username": "alice", "password": secret})
            self.asks("POST", "/shared", data={"secret": secret})

    async def opens_sockets(self, doc_id: str) -> None:
        for secret in list(self.secrets.values()):
            ways: list[dict[str, Any]] = [
                {"token": secret},
                {"token": None, "subprotocols": ["collabdocs.v1", f"bearer.{secret}"]},
                {"token": secret, "headers": {"Origin": "https://evil.example"}},
            ]
            for way in ways:
                with suppress(InvalidStatus, ConnectionClosed, ValueError):
                    async with Wire(self.server, doc_id, **way) as wire:
                        await wire.join()
                        await wire.send({"type": "authenticate", "token": secret + "x"})
                        await wire.close_code()

    def leaked(self, text: str) -> list[str]:
        return [kind for kind, secret in self.secrets.items() if secret in text]


@pytest.mark.parametrize(("kind", "form"), [("uvicorn", "json"), ("uvicorn", "text"), ("daphne", "json")])
async def test_it_works(start_server: Callable[..., Server], kind: str, form: str) -> None:
    server = start_server(kind, LOG_LEVEL="DEBUG", LOG_FORMAT=form)
    walk = Walk(server)
    walk.logs_in()
    doc_id = walk.shares()
    walk.browses(doc_id)
    walk.misplaces(doc_id)
    await walk.opens_sockets(doc_id)
    server.stop()
    assert {"json": '"level": "DEBUG"', "text": " DEBUG "}[form] in server.log() and len(walk.secrets) == 12
    assert "/password-reset/<uidb64>/<token>/" in server.log(), "where a secret stood in the address"
    assert walk.leaked(server.log()) == []
    assert walk.leaked(walk.said) == []


@pytest.mark.parametrize("form", ["json", "text"])
def test_in_an_address_it_counts_for_nothing(start_server: Callable[..., Server], form: str) -> None:
    """Whoever writes one there all the same is not told on by this server's log."""
    server = start_server(LOG_LEVEL="DEBUG", LOG_FORMAT=form)
    token = server.tokens["alice"]
    for path in ("/api/users/me", "/documents/", "/nothing", f"/{token}", f"/api/documents/{token}/history"):
        answer = httpx.get(f"{server.url}{path}?access_token={token}&token={token}")
        assert answer.status_code in (302, 401, 404)
        httpx.request(token[:20].upper(), f"{server.url}{path}", headers={"X-Request-ID": token})
    handshake = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    handshake |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "collabdocs.v1"}
    answer = httpx.get(f"{server.url}/ws/{uuid4()}?access_token={token}&token={token}", headers=handshake)
    assert answer.status_code == 403
    server.stop()
    assert token not in server.log() and token[:20].upper() not in server.log()


def test_a_failure_tells_no_secret(client_for, alice, monkeypatch, caplog) -> None:  # type: ignore[no-untyped-def]
    """Neither in the answer nor in the traceback."""
    from documents import permissions

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(permissions, "visible_documents", fail)
    client = client_for(alice)
    client.raise_request_exception = False
    token = client._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    answer = client.get("/api/documents")
    assert answer.status_code == 500 and "boom" in caplog.text
    assert token not in caplog.text and token not in json.dumps(answer.json())
