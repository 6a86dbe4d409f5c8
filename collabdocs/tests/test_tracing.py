"""Requests and commits are spans where somebody takes them; where nobody does, nothing of OpenTelemetry is loaded."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from accounts.models import User
from collabdocs import tracing
from collabdocs.access import Access
from documents import services
from documents.errors import UnknownOutcome
from documents.tests.writers import Writer
from tests.server import ROOT

Spans = Callable[[], list[ReadableSpan]]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
REQUEST = "0123456789abcdef"
WORD = "Sesame"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Spans:
    """`spans()`: those that have ended."""
    for name in ("commit", "submit"):  # put back afterwards
        monkeypatch.setattr(services, name, getattr(services, name))
    monkeypatch.setattr(tracing, "_tracer", None)
    kept = InMemorySpanExporter()
    tracing.send_to(SimpleSpanProcessor(kept))
    return lambda: list(kept.get_finished_spans())


async def ask(path: str, status: int = 200, *, fails: bool = False, headers: Any = ()) -> None:
    async def answers(scope: Any, receive: Any, send: Any) -> None:
        if fails:
            raise RuntimeError(WORD)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        pass

    asked = {"type": "http", "method": "GET", "path": path, "query_string": WORD.encode()}
    named = [(b"x-request-id", REQUEST.encode()), *headers]
    await Access(answers)(asked | {"headers": named}, None, send)  # type: ignore[arg-type]


async def test_a_request(spans: Spans, settings: Any) -> None:
    settings.ROOT_URLCONF = "collabdocs.urls"
    await ask(f"/api/documents/{WORD}", headers=[(b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())])
    [span] = spans()
    assert (span.name, span.kind) == ("GET /api/documents/<doc_id>", SpanKind.SERVER)
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/api/documents/<doc_id>",
        "http.response.status_code": 200,
        "collabdocs.request_id": REQUEST,
    }
    assert span.context is not None and f"{span.context.trace_id:032x}" == TRACE
    assert span.resource.attributes["service.name"] == "collabdocs"
    assert WORD not in span.to_json()


@pytest.mark.parametrize(("status", "code"), [(404, StatusCode.UNSET), (503, StatusCode.ERROR)])
async def test_only_what_we_failed_at_is_an_error(spans: Spans, status: int, code: StatusCode) -> None:
    await ask("/nowhere", status)
    assert [(span.name, span.status.status_code) for span in spans()] == [("GET", code)]


async def test_an_exception_tells_nothing(spans: Spans) -> None:
    with pytest.raises(RuntimeError):
        await ask("/nowhere", fails=True)
    [span] = spans()
    assert span.status.status_code is StatusCode.ERROR and WORD not in span.to_json()


@pytest.mark.django_db(transaction=True)
def test_a_batch(spans: Spans, alice: User) -> None:
    logs = [services.open_log(services.create_document(owner=alice, content="hello").id) for _ in range(2)]
    services.commit([(log, [Writer().writes(WORD, base=1), Writer().writes(WORD, base=1)]) for log in logs])
    span = spans()[-1]
    assert (span.name, span.attributes) == ("commit", {"collabdocs.documents": 2, "collabdocs.submissions": 4})
    assert WORD not in span.to_json()


def test_a_batch_that_failed(spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise UnknownOutcome(WORD)

    monkeypatch.setattr("documents.oplog.append_all", fail)
    with pytest.raises(UnknownOutcome):
        services.commit([])
    [span] = spans()
    assert span.status.status_code is StatusCode.ERROR and WORD not in span.to_json()


@pytest.mark.django_db(transaction=True)
def test_one_write(spans: Spans, alice: User) -> None:
    document = services.create_document(owner=alice, content="hello")
    before = len(spans())
    services.submit(document.id, Writer().writes(WORD, base=1))
    assert [span.name for span in spans()[before:]] == ["submit"]


def test_without_its_packages_a_start_says_what_to_install(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:1"
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)  # as if it were not there
    with pytest.raises(ImproperlyConfigured, match=r"pip install -r requirements-otel\.txt"):
        tracing.begin()
    assert not tracing.is_on()


def test_where_nobody_asks_for_them_their_packages_may_be_missing() -> None:
    """Others here load them where they are, so they are taken away."""
    code = "import sys; sys.modules['opentelemetry'] = None; import collabdocs.asgi; print('started')"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "started\n"
