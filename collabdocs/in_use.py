"""What this installation runs on, in words. Users and passwords of services are never among them."""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from collabdocs.databases import is_mongo


def in_use() -> str:
    """One line, for the log at the start."""
    return f"Database: {_database()}. Broker: {_broker()}. Cache: {_cache()}."


def _database() -> str:
    if is_mongo(settings.DATABASE_URL):
        return f"MongoDB at {_place(settings.DATABASE_URL)}"
    path = Path(settings.DATABASES["default"]["NAME"])
    return f"SQLite in {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}"


def _broker() -> str:
    if not settings.RABBITMQ_URL:
        return "none, this process is alone"
    many = "" if settings.PROCESSES == 1 else f", one of {settings.PROCESSES} processes"
    return f"RabbitMQ at {_place(settings.RABBITMQ_URL)}{many}"


def _cache() -> str:
    return f"Redis at {_place(settings.REDIS_URL)}" if settings.REDIS_URL else "this process's own"


def _place(url: str) -> str:
    """Host, port and path: neither who logs in, nor the query, where options may be secret."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")
