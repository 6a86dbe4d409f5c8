"""How a variable is read. One that is empty counts as not set: compose files pass on variables that nobody gave."""

from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):  # type: ignore[misc]  # environ has no types
    """Raises ImproperlyConfigured, which names the variable, for a value that makes no sense."""

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **more: Any) -> Any:
        if default is not self.NOTSET and not self.ENVIRON.get(var):
            return default
        try:
            return super().get_value(var, cast, default, **more)
        except ValueError:
            raise ImproperlyConfigured(f"{var} must be a number, not {self.ENVIRON[var]!r}.") from None

    def one_of(self, var: str, *words: str, default: str) -> str:
        """One of the words, in upper or lower case."""
        word: str = self.str(var, default).upper()
        if word not in words:
            raise ImproperlyConfigured(f"{var} must be one of {', '.join(words)}, not {self.ENVIRON[var]!r}.")
        return word

    def service(self, var: str, *schemes: str) -> str:
        """The URL of a service, "" for none. What is refused is never repeated: a password may stand in it."""
        url: str = self.str(var, "")
        if url and not _names_a_place(url, schemes):
            known = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ImproperlyConfigured(
                f"{var} must begin with {known} and name a host; a /, @ or : in its password is written %2F, %40, %3A."
            )
        return url


def _names_a_place(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        return parts.scheme in schemes and bool(place) and parts.port != 0 and "@" not in parts.path
    except ValueError:  # a port that is no number
        return False
