"""`make_demo` makes what is missing, and never touches what somebody has made of it."""

from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import User
from accounts.services import check_password
from documents import services
from documents.copies import texts
from documents.management.commands.make_demo import DOCUMENT, NAME, TEXT
from documents.models import Document

pytestmark = pytest.mark.django_db


def make() -> str:
    out = StringIO()
    call_command("make_demo", stdout=out)
    return out.getvalue()


def test_the_password_it_says_lets_in() -> None:
    password = make().splitlines()[0].rpartition(" ")[2]
    assert check_password(None, username=NAME, password=password)


def test_a_password_that_is_given_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "an open secret 7")
    assert "secret" not in make()
    assert check_password(None, username=NAME, password="an open secret 7")


def test_again_it_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make()
    demo, document = User.objects.by_name(NAME), Document.objects.get(pk=DOCUMENT)
    assert demo and document.owner == demo and texts.text_at(DOCUMENT) == (1, TEXT)
    services.replace_content(document, "Mine now", author=demo, base_version=1)
    monkeypatch.setenv("DEMO_PASSWORD", "an open secret 7")
    assert "password" not in make()
    assert User.objects.count() == 1 and Document.objects.count() == 1
    assert texts.text_at(DOCUMENT) == (2, "Mine now")
    assert not check_password(None, username=NAME, password="an open secret 7")
