"""What holds an @ is an e-mail address first, wherever somebody is named: an old name is no way to be taken for one."""

import pytest

from accounts import services as accounts
from accounts.models import User
from documents import services
from documents.admin.verbs import person
from documents.tests.pages import Browser, roles

ADDRESS = "boss@corp.example"
pytestmark = pytest.mark.django_db


@pytest.fixture
def document(alice):
    return services.create_document(owner=alice, title="Plan")


@pytest.fixture
def thief(mallory) -> User:
    User.objects.filter(pk=mallory.pk).update(username=ADDRESS, username_key=ADDRESS)
    mallory.refresh_from_db()
    return mallory


@pytest.fixture
def boss(thief) -> User:
    return User.objects.create_user("boss", ADDRESS, None)


def shares(owner: User, document, name: str) -> None:
    Browser(owner).posts("document-share", document, action="add", name=name, role="viewer")


@pytest.mark.parametrize("spelling", [ADDRESS, " Boss@CORP.example "])
def test_the_page(alice, document, boss, spelling):
    shares(alice, document, spelling)
    assert roles(document) == {"alice": "owner", "boss": "viewer"}


def test_the_admin(boss):
    assert person(ADDRESS) == boss


def test_where_mail_is_sent_an_address_counts_once_it_is_proved(alice, document, boss, settings, client_for):
    settings.SENDS_MAIL = True
    page = Browser(alice).posts("document-share", document, action="add", name="boss@nowhere.example", role="viewer")
    assert page.status_code == 400 and "Nobody here has proved" in page.content.decode()
    api, body = f"/api/documents/{document.pk}/collaborators", {"email": ADDRESS, "role": "viewer"}
    answer = client_for(alice).post(api, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "no_such_user")
    assert person(ADDRESS) != boss
    accounts.prove_email(boss)
    assert client_for(alice).post(api, body, format="json").status_code == 201
    assert roles(document) == {"alice": "owner", "boss": "viewer"} and person(ADDRESS) == boss


def test_who_has_such_a_name_is_found_by_it_where_it_is_nobodys_address(alice, document, thief):
    shares(alice, document, ADDRESS)
    assert roles(document) == {"alice": "owner", ADDRESS: "viewer"}
    assert person(ADDRESS) == thief


def test_a_name_is_a_name(alice, bob, document):
    shares(alice, document, "BOB")
    assert roles(document) == {"alice": "owner", "bob": "viewer"}
    assert person("bob") == bob and person(str(bob.pk)) == bob
