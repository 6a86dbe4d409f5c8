"""Three servers on one set of data behind nginx, and what to ask them with."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.packaging.nginx import Nginx
from tests.server import Server

SERVERS = 3


@pytest.fixture(scope="module")
def servers(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """They believe the proxy, and count."""
    data_dir, environment = tmp_path_factory.mktemp("cluster") / "data", {"BEHIND_PROXY": "true", "RATE_LIMITS": "on"}
    first = Server.with_data(template, data_dir, **environment)
    servers = [first, *(Server(data_dir, **environment) for _ in range(SERVERS - 1))]
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
            server.start()
        yield servers


@pytest.fixture
def start_nginx(tmp_path: Path) -> Iterator[Callable[..., Nginx]]:
    """`start_nginx(ports)`: before whatever listens there; `trusted_proxy` stands before it."""
    with ExitStack() as stack:

        def start(ports: list[int], **settings: str) -> Nginx:
            nginx = Nginx.before(tmp_path / "nginx", ports, **settings)
            stack.callback(nginx.stop)
            return nginx.start()

        yield start


@pytest.fixture
def nginx(servers: list[Server], start_nginx: Callable[..., Nginx]) -> Nginx:
    return start_nginx([server.port for server in servers])


@pytest.fixture
async def alice(nginx: Nginx, servers: list[Server]) -> AsyncIterator[httpx.AsyncClient]:
    """She asks nginx, one line a request."""
    headers = {"Authorization": f"Bearer {servers[0].tokens['alice']}", "Connection": "close"}
    async with httpx.AsyncClient(base_url=nginx.url, headers=headers, timeout=30) as client:
        yield client
