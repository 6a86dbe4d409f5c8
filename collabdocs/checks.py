"""`manage.py check`: which mixes of settings are unsafe (errors, which also keep a server from starting) and which are
doubtful (warnings). Nothing here asks a service: `reachable.py` does."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from collabdocs import database_checks
from collabdocs.databases import is_mongo

TAG = "collabdocs"
SHORTEST_KEY = 32  # characters; HS256 wants as many bytes
LEAST_SYMBOLS = 5  # different ones in a key
CONSOLE = "django.core.mail.backends.console.EmailBackend"
PLACEHOLDERS = ("django-insecure-", "change-me", "changeme")


@register(TAG)
def check_mix(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [*_processes(), *_secret_key(), *_database(), *_broker()]


@register(TAG, deploy=True)
def check_deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [*_network(), *_limits(), *_mail(), *_lasting_key(), *_database_deployed()]


def _database() -> Iterator[CheckMessage]:
    return database_checks.of_mongo() if is_mongo(settings.DATABASE_URL) else database_checks.of_sqlite()


def _database_deployed() -> Iterator[CheckMessage]:
    if is_mongo(settings.DATABASE_URL):
        yield from database_checks.of_mongo_deployed()


def _processes() -> Iterator[CheckMessage]:
    if settings.PROCESSES < 1:
        yield Error(
            "PROCESSES is less than 1.",
            hint="Set it to how many server processes share the data.",
            id="collabdocs.E001",
        )
    if settings.PROCESSES > 1:
        yield from _many_processes()


def _many_processes() -> Iterator[CheckMessage]:
    if not settings.RABBITMQ_URL:
        yield Error(
            "Several processes share the data, but no broker tells one of another's edits.",
            hint="Set RABBITMQ_URL=amqp://USER:PASSWORD@HOST:5672, or PROCESSES=1.",
            id="collabdocs.E002",
        )
    if settings.DEBUG:
        yield Error(
            "DEBUG is on while several processes serve: it shows code and settings to everybody and keeps all queries.",
            hint="Set DEBUG=false.",
            id="collabdocs.E003",
        )
    if not settings.REDIS_URL:
        yield Warning(
            "Each process has a cache of its own: limits count in each one, and nothing cached is shared.",
            hint="Set REDIS_URL=redis://HOST:6379/0.",
            id="collabdocs.W001",
        )
    if not settings.BEHIND_PROXY:
        yield Warning(
            "The proxy before the processes is not believed: everybody has its address, and they share one limit.",
            hint="Set BEHIND_PROXY=true, if the proxy sets X-Forwarded-For and X-Forwarded-Proto itself.",
            id="collabdocs.W002",
        )


def _secret_key() -> Iterator[CheckMessage]:
    key: str = settings.SECRET_KEY
    if settings.PROCESSES > 1 and settings.SECRET_KEY_IS_MADE:
        yield Error(
            "Several processes must sign with one key, but SECRET_KEY is not set: each would make one in its DATA_DIR.",
            hint=f"Set SECRET_KEY to the same {SHORTEST_KEY} or more random characters for all of them.",
            id="collabdocs.E004",
        )
    if not settings.DEBUG and _is_guessed(key):
        yield Error(
            "SECRET_KEY can be guessed, and whoever knows it can sign in as anybody.",
            hint=f"Set SECRET_KEY to {SHORTEST_KEY} or more random characters, or to none: one is made then.",
            id="collabdocs.E005",
        )


def _is_guessed(key: str) -> bool:
    return len(key) < SHORTEST_KEY or len(set(key)) < LEAST_SYMBOLS or key.lower().startswith(PLACEHOLDERS)


def _broker() -> Iterator[CheckMessage]:
    url = urlsplit(settings.RABBITMQ_URL)
    is_guest = (url.username or "guest", url.password or "guest") == ("guest", "guest")
    if url.hostname and is_guest and not _is_loopback(url.hostname):
        yield Warning(
            f"RabbitMQ at {url.hostname} is used as guest with the password that everybody knows.",
            hint="Set RABBITMQ_URL=amqp://USER:PASSWORD@HOST:5672 with a user of its own.",
            id="collabdocs.W006",
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _network() -> Iterator[CheckMessage]:
    if not settings.SESSION_COOKIE_SECURE:
        yield Warning(
            "HTTPS is off: passwords, tokens and texts cross the network readably.",
            hint="Put a proxy that speaks TLS before it, and set HTTPS=true and BEHIND_PROXY=true.",
            id="collabdocs.W007",
        )
    elif not settings.BEHIND_PROXY:
        yield Warning(
            "HTTPS is on, but the proxy that speaks it is not believed: forms will be refused.",
            hint="Set BEHIND_PROXY=true.",
            id="collabdocs.W008",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning(
            "ALLOWED_HOSTS=*: a request may choose the host name that links are made of.",
            hint="Set ALLOWED_HOSTS=docs.example.org to the names of this server.",
            id="collabdocs.W009",
        )


def _limits() -> Iterator[CheckMessage]:
    if not settings.RATE_LIMITS:
        yield Warning(
            "RATE_LIMITS=off: passwords may be guessed as fast as the server can say no.",
            hint="Leave RATE_LIMITS out: off is for load tests.",
            id="collabdocs.W013",
        )


def _mail() -> Iterator[CheckMessage]:
    if settings.EMAIL_BACKEND == CONSOLE:
        yield Warning(
            "Mail is written to the log: nobody who forgot their password gets it, and who reads the log can set one.",
            hint="Set EMAIL_URL=smtp+tls://USER:PASSWORD@HOST:587.",
            id="collabdocs.W014",
        )


def _lasting_key() -> Iterator[CheckMessage]:
    if settings.PROCESSES == 1 and settings.SECRET_KEY_IS_MADE and is_mongo(settings.DATABASE_URL):
        yield Warning(
            "SECRET_KEY is kept in DATA_DIR, apart from the data: where that is lost, a restart logs everybody out.",
            hint=f"Set SECRET_KEY to {SHORTEST_KEY} or more random characters.",
            id="collabdocs.W010",
        )
