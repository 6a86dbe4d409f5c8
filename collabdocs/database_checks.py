"""What is unsafe (errors) or doubtful (warnings) in the settings of the database. `checks.py` registers it."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

SAFE_SYNCHRONOUS, UNSAFE_SYNCHRONOUS = ("FULL", "EXTRA", "2", "3"), ("NORMAL", "OFF", "0", "1")
BLIND_TLS = ("tlsInsecure", "tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames")


def of_sqlite() -> Iterator[CheckMessage]:
    if settings.DATABASES["default"]["NAME"] == ":memory:":
        yield Error(
            "The database is in memory: nothing is kept.",
            hint="Set DATABASE_URL=sqlite:////PATH/TO/FILE, or leave it out.",
            id="collabdocs.E006",
        )
    if settings.PROCESSES > 1:
        yield Warning(
            "Several processes share an SQLite file: they must be on one machine, and the file on a disk of its own.",
            hint="Never put it on a network file system. For several machines set DATABASE_URL=mongodb://…",
            id="collabdocs.W003",
        )
    yield from _synchronous(settings.SQLITE_SYNCHRONOUS.upper())


def _synchronous(mode: str) -> Iterator[CheckMessage]:
    if mode in UNSAFE_SYNCHRONOUS:
        yield Warning(
            f"SQLITE_SYNCHRONOUS={mode}: a power cut may take edits that were shown as saved.",
            hint="Set SQLITE_SYNCHRONOUS=FULL, or leave it out.",
            id="collabdocs.W004",
        )
    elif mode not in SAFE_SYNCHRONOUS:
        yield Error(
            f"SQLITE_SYNCHRONOUS={mode} is none of SQLite's.",
            hint="Set SQLITE_SYNCHRONOUS=FULL, or leave it out.",
            id="collabdocs.E007",
        )


def of_mongo() -> Iterator[CheckMessage]:
    options = _options()
    scheme = urlsplit(settings.DATABASE_URL).scheme
    if scheme == "mongodb" and "replicaset" not in options:  # mongodb+srv finds it in the DNS
        yield Warning(
            "DATABASE_URL names no replica set: a MongoDB alone has no majority to keep what was saved when it dies,"
            " and no write is tried again.",
            hint="Set DATABASE_URL=mongodb://HOST1,HOST2,HOST3/collabdocs?replicaSet=NAME.",
            id="collabdocs.W005",
        )
    if options.get("timeoutms") == options.get("sockettimeoutms") == "0":
        yield Warning(
            "timeoutMS and socketTimeoutMS are both 0: while MongoDB hangs, whoever asks it waits for ever.",
            hint="Take one of them out of DATABASE_URL, timeoutMS rather.",
            id="collabdocs.W011",
        )


def of_mongo_deployed() -> Iterator[CheckMessage]:
    options = _options()
    if chosen := [option for option in BLIND_TLS if options.get(option.lower()) == "true"]:
        yield Warning(
            f"DATABASE_URL has {', '.join(chosen)}: whoever gets between can say that he is MongoDB, and read it all.",
            hint="Take it out, and name who signed MongoDB's certificate: tlsCAFile=/PATH/TO/CA.pem.",
            id="collabdocs.W012",
        )


def _options() -> dict[str, str]:
    """Those in the URL's query, their names in lower case."""
    return {option.lower(): value for option, value in parse_qsl(urlsplit(settings.DATABASE_URL).query)}
