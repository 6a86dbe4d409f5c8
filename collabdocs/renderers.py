"""JSON by orjson: ten times as fast as the standard library, which counts where an answer has 100,000 members."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer

OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


class JSONRenderer(BaseRenderer):
    """Times are ISO 8601 in UTC, identifiers strings."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=str, option=OPTIONS)
