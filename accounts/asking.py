"""What is known of whoever asks: for the lines that are written into the log while they are served.

Everything on their behalf, in tasks and threads, sees one and the same dictionary: what is found out late is known to
all. It holds ids and numbers, and nothing that anybody wrote.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_known: ContextVar[dict[str, Any] | None] = ContextVar("asking", default=None)


@contextmanager
def asking(known: dict[str, Any] | None) -> Iterator[None]:
    """Within, these are served; None for nobody."""
    token = _known.set(known)
    try:
        yield
    finally:
        _known.reset(token)


def known() -> Mapping[str, Any]:
    """Nothing, where nobody is served."""
    return _known.get() or {}


def note(**found: Any) -> None:
    """From now on this is known, too."""
    asked = _known.get()
    if asked is not None:
        asked |= found


def serve_nobody() -> None:
    """For a task that goes on for everybody, whoever it was begun by."""
    _known.set(None)


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """`work` for another thread, on behalf of who asks now. A copy of the whole context would bring more than that:
    Django's caches live in it, and would be opened anew each time."""
    asked = _known.get()

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asking(asked):
            return work(*args, **kwargs)

    return run
