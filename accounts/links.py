"""Where links in letters lead: to us, whatever the request says that asked for the letter."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port

NAMELESS = "This server has not been told its name, so it can't send links to itself. Ask whoever runs it."


def is_nameless() -> bool:
    """Whether whoever asks for a letter would choose where its link leads."""
    return "*" in settings.ALLOWED_HOSTS


def own_origin(request: HttpRequest) -> str:
    """Our scheme, name and port. The name is one of ours, for `get_host` refuses every other."""
    scheme = "https" if settings.HTTPS or request.is_secure() else "http"
    name, port = split_domain_port(request.get_host())
    is_told = f"{scheme}://{name}:{port}" in settings.CSRF_TRUSTED_ORIGINS
    return f"{scheme}://{name}:{port}" if port and (is_told or _is_own(request, name, port)) else f"{scheme}://{name}"


def _is_own(request: HttpRequest, name: str, port: str) -> bool:
    """Whether this port can be none but ours: the one that the request came in by, or any of this machine alone."""
    is_direct = not settings.BEHIND_PROXY and port == request.META.get("SERVER_PORT")
    return is_direct or _is_loopback(name)


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
