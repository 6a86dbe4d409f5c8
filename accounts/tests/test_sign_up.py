import pytest
from django.core.exceptions import ValidationError

from accounts import services
from accounts.models import User

STRONG = "correct horse battery staple"


def sign_up(client, **fields):
    body = {"username": "dora", "email": "dora@example.org", "password": STRONG, **fields}
    return client.post("/api/users", body, format="json")


@pytest.mark.django_db
def test_it_works(anyone):
    answer = sign_up(anyone)
    dora = User.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"id": str(dora.id), "username": "dora", "email": "dora@example.org", "color": None}
    assert dora.check_password(STRONG) and dora.is_active


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/api/users", "/api/users/"])
def test_the_slash_is_optional(anyone, url):
    assert anyone.post(url, {"username": "dora", "password": STRONG}, format="json").status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("email", [None, ""])
def test_an_address_is_optional(anyone, email):
    assert sign_up(anyone, username="one", email=email).json()["email"] is None
    assert sign_up(anyone, username="two", email=email).status_code == 201


def refusal(answer):
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == "invalid_request" and answer["Content-Type"] == "application/problem+json"
    return {(error["attr"], error["code"]) for error in body["errors"]}


@pytest.mark.parametrize("twin", ["alice", "ALICE", "Ａlice", " alice "])
def test_a_name_is_taken_however_it_is_spelt(anyone, users, twin):
    assert refusal(sign_up(anyone, username=twin)) == {("username", "taken")}


def test_an_address_is_taken_however_it_is_spelt(anyone, users):
    assert refusal(sign_up(anyone, email="Alice@EXAMPLE.org")) == {("email", "taken")}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "attr"),
    [
        ({"username": ""}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"username": "ali\u202ece"}, "username"),
        ({"username": "a\x00b"}, "username"),
        ({"username": ["a"]}, "username"),
        ({"username": {"$ne": None}}, "username"),
        ({"username": True}, "username"),
        ({"email": "nonsense"}, "email"),
        ({"email": {"$gt": ""}}, "email"),
        ({"password": "12345678"}, "password"),
        ({"password": "        "}, "password"),
        ({"password": "dora@example.org"}, "password"),
        ({"password": "x" * 1025}, "password"),
        ({"password": None}, "password"),
    ],
)
def test_bad_fields_are_named(anyone, fields, attr):
    assert attr in {named for named, _ in refusal(sign_up(anyone, **fields))}
    assert not User.objects.exists()


@pytest.mark.django_db
def test_nobody_signs_up_as_more_than_a_user(anyone):
    given = {"is_staff": True, "is_superuser": True, "id": "0" * 32, "erased_at": "2020-01-01", "is_active": False}
    assert sign_up(anyone, **given).status_code == 201
    dora = User.objects.get(username="dora")
    assert not dora.is_staff and not dora.is_superuser and dora.is_active and str(dora.id) != "0" * 32


@pytest.mark.django_db
def test_it_may_be_closed(anyone, settings):
    settings.SIGN_UP_OPEN = False
    answer = sign_up(anyone)
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_up_closed")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_stale_bearer_does_not_matter(anyone):
    anyone.credentials(HTTP_AUTHORIZATION="Bearer stale")
    assert sign_up(anyone).status_code == 201


@pytest.mark.django_db
def test_who_loses_the_race_hears_that_the_name_is_taken(monkeypatch):
    """Both looked, both found the name free; the database lets one in."""
    clean = User.clean
    monkeypatch.setattr(User, "clean", lambda self: None)
    services.create_user(username="dora", email=None, password=STRONG)
    looks = iter([lambda self: None, clean])
    monkeypatch.setattr(User, "clean", lambda self: next(looks)(self))
    with pytest.raises(ValidationError) as refused:
        services.create_user(username="DORA", email=None, password=STRONG)
    assert refused.value.error_dict["username"][0].code == "taken"
