"""What drf-spectacular can't see by itself: how one gets in, and that a trailing slash is optional."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        flow = {"tokenUrl": "/api/token", "refreshUrl": "/api/token", "scopes": {}}
        return {"type": "oauth2", "flows": {"password": flow}}


def without_trailing_slashes(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """For PREPROCESSING_HOOKS: a pattern that ends in `/?` is shown without its slash."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints]
