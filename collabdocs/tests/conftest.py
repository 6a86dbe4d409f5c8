import asyncio

import pytest
from rest_framework.test import APIClient

from collabdocs.tests import urls
from tests.rabbit import broker, rabbit  # noqa: F401  # fixtures


@pytest.fixture(autouse=True)
def _own_addresses(settings):
    settings.ROOT_URLCONF = "collabdocs.tests.urls"
    settings.MIDDLEWARE = []
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
    settings.CSRF_FAILURE_VIEW = "collabdocs.problems.csrf_failure"
    yield
    urls.raised.clear()


@pytest.fixture
def api() -> APIClient:
    return APIClient(raise_request_exception=False)


@pytest.fixture
def calls():
    """`await calls(function, …)` runs what blocks on a thread."""
    return asyncio.to_thread
