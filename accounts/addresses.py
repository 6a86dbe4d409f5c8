"""Where somebody comes from, as limits count it."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

SITE_BITS = 48  # of an IPv6 network as one site may have it: 65,536 of those that count as an address


def address(request: HttpRequest) -> str:
    """Where a request comes from."""
    return address_of(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR"))


def address_of(peer: str, forwarded: str | None) -> str:
    """Where somebody comes from: one IPv4 address, or one IPv6 network of 64 bits, as one customer has it.

    X-Forwarded-For is believed only with settings.BEHIND_PROXY, and of it only what our own proxy has added.
    """
    if forwarded is not None and getattr(settings, "BEHIND_PROXY", False):
        peer = forwarded.rpartition(",")[2].strip()
    try:
        ip = ipaddress.ip_address(peer)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def site_of(address: str) -> str | None:
    """The site that an IPv6 network of `address_of` belongs to; None for all else, which has none."""
    if ":" not in address:
        return None
    return str(ipaddress.IPv6Network(address).supernet(new_prefix=SITE_BITS))
