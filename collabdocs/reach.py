"""Ask each service once, and wait no longer than `patience` (seconds). Whatever is raised, it did not answer.

One that is not configured is not asked.
"""

import asyncio

import pymongo
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import close_old_connections
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def ask_database(patience: float) -> None:
    """It answers, and has our tables."""
    try:
        with pymongo.timeout(patience):  # SQLite waits for nobody who only reads
            get_user_model()._default_manager.exists()
    finally:
        close_old_connections()


def ask_cache(patience: float) -> None:
    """Redis answers, on a connection of its own."""
    if settings.REDIS_URL:
        limits = {"socket_timeout": patience, "socket_connect_timeout": patience, "retry": Retry(NoBackoff(), 0)}
        with Redis.from_url(settings.REDIS_URL, **limits) as redis:
            redis.ping()


def ask_broker(patience: float) -> None:
    """RabbitMQ lets us in, and knows the virtual host. Not for a thread that has an event loop."""
    if settings.RABBITMQ_URL:
        asyncio.run(_greet(patience))


async def _greet(patience: float) -> None:
    from collabdocs.amqp import Line  # a server that has no broker starts without it

    line = Line(settings.RABBITMQ_URL, heartbeat=10)
    try:
        async with asyncio.timeout(patience):
            await line.connect()
    finally:
        line.abandon()
