"""`/metrics` for those inside: it names no person, document or address, but tells how much goes on.

Each process answers for itself alone (`collabdocs/meters.py`), so each is to be scraped at its own address.
"""

import ipaddress

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django_prometheus.exports import ExportToDjangoView

from realtime import levels  # noqa: F401  # how much there is of what, which is asked at each scrape


def metrics(request: HttpRequest) -> HttpResponse:
    """404 for anybody else, as for what is not there."""
    if not _may_read(request):
        raise Http404
    answer: HttpResponse = ExportToDjangoView(request)
    return answer


def _may_read(request: HttpRequest) -> bool:
    """Who has the token; where none is set, who asks directly from this machine or a private network."""
    if settings.METRICS_TOKEN:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}")
    return "X-Forwarded-For" not in request.headers and _is_near(request.META.get("REMOTE_ADDR", ""))


def _is_near(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_private
    except ValueError:
        return False
