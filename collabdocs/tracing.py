"""OpenTelemetry: a span for each HTTP request and each commit, if OTEL_EXPORTER_OTLP_ENDPOINT says who takes them.

Else nothing is done here, and nothing of it is imported. A span tells of methods, addresses with their blanks empty,
counts and the request's id; never what anybody wrote, nor an exception's words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from documents import services

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span, Tracer

P = ParamSpec("P")
T = TypeVar("T")
Finish = Callable[[str | None, int | None], None]  # told the address and the status that a request came to

MISSING = "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install -r requirements-otel.txt"

_tracer: "Tracer | None" = None


def begin() -> None:
    """Raises ImproperlyConfigured where spans are wanted and their packages are missing."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT and not is_on():
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            raise ImproperlyConfigured(MISSING) from None
        send_to(BatchSpanProcessor(OTLPSpanExporter()))


def send_to(processor: "SpanProcessor") -> None:
    """From now on there are spans, and they go there."""
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider

    global _tracer
    told = OTELResourceDetector().detect()  # OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES
    provider = TracerProvider(resource=Resource({SERVICE_NAME: "collabdocs"}).merge(told))
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("collabdocs")
    services.commit = _seen(services.commit, "commit", _sizes)
    services.submit = _seen(services.submit, "submit", lambda *_: {})


def is_on() -> bool:
    return _tracer is not None


@contextmanager
def request(method: str, headers: Sequence[tuple[bytes, bytes]], request_id: str) -> Iterator[Finish]:
    """Within, a request is answered; as a part of the caller's trace, if it names one (`traceparent`)."""
    if _tracer is None:
        yield lambda path, status: None
        return
    from opentelemetry.propagate import extract
    from opentelemetry.trace import SpanKind

    caller = extract({name.decode("latin-1"): value.decode("latin-1") for name, value in headers})
    attributes = {"http.request.method": method, "collabdocs.request_id": request_id}
    with _span(method, attributes=attributes, context=caller, kind=SpanKind.SERVER) as span:
        yield lambda path, status: _finish(span, method, path, status)


def _finish(span: "Span", method: str, path: str | None, status: int | None) -> None:
    from opentelemetry.trace import StatusCode

    if path is not None:
        span.update_name(f"{method} {path}")
        span.set_attribute("http.route", path)
    if status is not None:
        span.set_attribute("http.response.status_code", status)
    if status is None or status >= 500:
        span.set_status(StatusCode.ERROR)


def _seen(work: Callable[P, T], name: str, attributes: Callable[P, Mapping[str, int]]) -> Callable[P, T]:
    """The same work, with a span for each time."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with _span(name, attributes=attributes(*args, **kwargs)):
            return work(*args, **kwargs)

    return run


def _sizes(jobs: Sequence[tuple[Any, Sequence[Any]]]) -> Mapping[str, int]:
    """Of a batch."""
    submissions = sum(len(submissions) for _, submissions in jobs)
    return {"collabdocs.documents": len(jobs), "collabdocs.submissions": submissions}


@contextmanager
def _span(name: str, **options: Any) -> Iterator["Span"]:
    """What is raised inside may quote a text: only that it failed is told."""
    from opentelemetry.trace import StatusCode

    assert _tracer is not None
    options |= {"record_exception": False, "set_status_on_exception": False}
    with _tracer.start_as_current_span(name, **options) as span:
        try:
            yield span
        except BaseException:
            span.set_status(StatusCode.ERROR)
            raise
