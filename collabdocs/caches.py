"""Where Django's caches live: in Redis, if there is one, else in this process."""

from typing import Any

SECONDS_TO_ANSWER = 0.5  # a Redis that takes longer is as good as none
MOST_CONNECTIONS = 32  # of one process; who finds none free waits for as long as for an answer


def shared_cache(redis_url: str, name: str) -> dict[str, Any]:
    """The setting of one cache. `texts` is apart from `default`, so that large texts never push out small counts."""
    if not redis_url:
        most = {"MAX_ENTRIES": 64} if name == "texts" else {"MAX_ENTRIES": 100_000}
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name, "OPTIONS": most}
    return {
        "BACKEND": "collabdocs.redis.Cache",
        "LOCATION": redis_url,
        "KEY_PREFIX": f"collabdocs:{name}",
        "OPTIONS": {
            "CLIENT_CLASS": "django_redis.client.DefaultClient",
            "REDIS_CLIENT_CLASS": "collabdocs.redis.GuardedRedis",
            "CONNECTION_POOL_CLASS": "redis.BlockingConnectionPool",  # one for all caches at this URL
            "CONNECTION_POOL_KWARGS": {"max_connections": MOST_CONNECTIONS, "timeout": SECONDS_TO_ANSWER},
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",  # what is read is data, never code
            "COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor",
            "SOCKET_CONNECT_TIMEOUT": SECONDS_TO_ANSWER,
            "SOCKET_TIMEOUT": SECONDS_TO_ANSWER,
        },
    }
