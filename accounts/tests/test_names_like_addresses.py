"""Nobody takes a name that is somebody's address, and gets what was meant for them (S25). Who has one keeps it."""

import pytest
from django.test import Client

from accounts import services
from accounts.models import User

ME, NEW = "/api/users/me", "/api/users"
ADDRESS = "boss@corp.example"
SPELLINGS = [ADDRESS, "BOSS@corp.example", "boss＠corp.example", "boss﹫corp.example", "@boss", "a @ b"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def old() -> User:
    """Who signed up when such names were taken."""
    return User.objects.create_user(ADDRESS, None, "correct horse battery staple")


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_new_one(anyone, client_for, alice, name, password):
    signs_up = anyone.post(NEW, {"username": name, "password": password}, format="json")
    renames = client_for(alice).patch(ME, {"username": name}, format="json")
    for answer in (signs_up, renames):
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["attr"]) == (400, "username") and "@" in error["detail"]
    assert not User.objects.filter(username__contains="@").exists()


def test_nor_by_the_pages(settings, password):
    settings.ROOT_URLCONF = "collabdocs.urls"
    answer = Client().post("/sign-up/", {"username": ADDRESS, "password": password})
    assert answer.status_code == 200 and "hold an @" in answer.content.decode()
    root = Client()
    root.force_login(User.objects.create_superuser("root", None, password))
    body = {"username": ADDRESS, "password1": password, "password2": password, "usable_password": "true"}
    assert "hold an @" in root.post("/admin/accounts/user/add/", body).content.decode()
    assert not User.objects.filter(username__contains="@").exists()


def test_an_old_one_stays_and_goes_on(client_for, old, password):
    change = {"username": "Boss@Corp.example", "email": "boss@home.example", "current_password": password}
    answer = client_for(old).patch(ME, change, format="json")
    assert answer.status_code == 200 and answer.json()["username"] == "Boss@Corp.example"
    assert services.check_password(None, username=ADDRESS, password=password) == old
    assert client_for(old).patch(ME, {"username": "other@corp.example"}, format="json").status_code == 400
