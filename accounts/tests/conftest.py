import pytest
from rest_framework.test import APIClient


@pytest.fixture(autouse=True)
def _own_addresses(settings):
    settings.ROOT_URLCONF = "accounts.tests.urls"


@pytest.fixture
def stub_templates(settings):
    """Pages without their looks: those are tested where the templates are made."""
    names = ("home.html", "accounts/login.html", "accounts/sign_up.html", "404.html", "403_csrf.html")
    stubs = dict.fromkeys(names, "{{ form.errors }}")
    loaders = [("django.template.loaders.locmem.Loader", stubs), "django.template.loaders.app_directories.Loader"]
    template = settings.TEMPLATES[0]
    options = {**template["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**template, "APP_DIRS": False, "DIRS": [], "OPTIONS": options}]


@pytest.fixture
def anyone() -> APIClient:
    """A client that nobody is logged in with."""
    return APIClient()
