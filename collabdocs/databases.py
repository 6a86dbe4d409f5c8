"""What DATABASE_URL means: SQLite in a file, or a MongoDB."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

MONGO_SCHEMES = ("mongodb", "mongodb+srv")
FORBIDDEN_IN_NAMES = set('/\\. "$')
MONGO_APPS = {
    "django.contrib.admin": "collabdocs.mongo.apps.MongoAdmin",
    "django.contrib.auth": "collabdocs.mongo.apps.MongoAuth",
    "django.contrib.contenttypes": "collabdocs.mongo.apps.MongoContentTypes",
}
MONGO_MIGRATIONS = {app: f"collabdocs.mongo.migrations.{app}" for app in ("admin", "auth", "contenttypes", "sessions")}

# "Saved" must be true: an answer means that most of the replica set have it on disk. And what was saved is what every
# later read shows, so nothing is read from where it may not have arrived yet.
SAFE: dict[str, Any] = {
    "w": "majority",
    "journal": True,
    "wTimeoutMS": 5_000,
    "readConcernLevel": "majority",
    "readPreference": "primary",
    "retryWrites": True,
}
POOL = {"maxPoolSize": 50, "minPoolSize": 0, "maxIdleTimeMS": 60_000, "maxConnecting": 4}
# `timeoutMS` is for a whole operation: to find a server, to wait for a connection, the retries, a majority's word. The
# driver then heeds none of the narrower limits, which count where a URL sets `timeoutMS` to 0. The heartbeat finds out
# within 5 seconds that a server takes connections and says nothing; then all that wait for it fail at once.
PATIENCE = {
    "timeoutMS": 5_000,
    "serverSelectionTimeoutMS": 3_000,
    "connectTimeoutMS": 3_000,
    "heartbeatFrequencyMS": 2_000,
    "socketTimeoutMS": 10_000,
    "waitQueueTimeoutMS": 2_000,
}


def is_mongo(url: str) -> bool:
    return _scheme(url) in MONGO_SCHEMES


def database(url: str, synchronous: str) -> dict[str, Any]:
    """The setting of the database. `synchronous` is SQLite's. ImproperlyConfigured for a URL that names none."""
    if is_mongo(url):
        return _mongo(url)
    if _scheme(url) == "sqlite":
        return {**environ.Env.db_url_config(url), "OPTIONS": _sqlite_options(synchronous)}
    raise ImproperlyConfigured("DATABASE_URL must be sqlite:///PATH, mongodb://HOST/NAME or mongodb+srv://HOST/NAME.")


def read_only(url: str) -> dict[str, Any]:
    """The setting of a database that is only read: SQLite's file is opened so, and is never made."""
    setting = database(url, "FULL")
    if not is_mongo(url):
        path = Path(setting["NAME"]).resolve()
        setting |= {"NAME": f"{path.as_uri()}?mode=ro", "OPTIONS": {"timeout": 20}}
    return setting


def _mongo(url: str) -> dict[str, Any]:
    """Its pool and time-outs can be set in the URL's query; how safe a write is can't."""
    _require_sense(url)
    parts = urlsplit(url)
    chosen = {key.lower() for key, _ in parse_qsl(parts.query)}
    usual = {key: value for key, value in (POOL | PATIENCE).items() if key.lower() not in chosen}
    options = usual | SAFE | {"appname": "collabdocs"}
    return {"ENGINE": "collabdocs.mongo", "HOST": url, "NAME": parts.path[1:], "OPTIONS": options}


def _require_sense(url: str) -> None:
    """ImproperlyConfigured unless it can be read, names a database, and wants nothing that is against being safe.

    Asks no DNS, so mongodb+srv is half read.
    """
    try:
        parts = urlsplit(url)
        if parts.netloc and parts.scheme == "mongodb":
            parse_uri(url)
            MongoClient(url, connect=False, **SAFE).close()
    except (ValueError, PyMongoError) as error:
        raise ImproperlyConfigured(f"DATABASE_URL can't be read: {str(error).rstrip('.')}.") from error
    if not parts.netloc or not parts.path[1:] or set(parts.path[1:]) & FORBIDDEN_IN_NAMES:
        raise ImproperlyConfigured("DATABASE_URL must name a host and a database, as mongodb://HOST/collabdocs does.")


def _scheme(url: str) -> str:
    return url.partition("://")[0]


def _sqlite_options(synchronous: str) -> dict[str, Any]:
    """IMMEDIATE takes the write lock at BEGIN: a deferred transaction that turns writer fails at once with
    "database is locked". Every connection keeps a page cache of its own (here 8 MB), so they add up."""
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            f"PRAGMA journal_mode=WAL;PRAGMA synchronous={synchronous};"
            "PRAGMA cache_size=-8000;PRAGMA journal_size_limit=67108864;"
        ),
    }
