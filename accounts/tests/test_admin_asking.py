"""The page that asks whether something was meant: its helps, and its ways back."""

import re

import pytest
from django import forms

from accounts.admin import people
from accounts.admin.acting import Verb
from accounts.models import User

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"


class Why(forms.Form):
    why = forms.CharField(help_text="In a few words.")


@pytest.fixture
def chief(client, mallory):
    User.objects.filter(pk=mallory.pk).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(pk=mallory.pk))
    return client


def asked(browser, verb, *rows, **given) -> str:
    answer = browser.post(USERS, {"action": verb, "_selected_action": [str(row.pk) for row in rows], **given})
    assert answer.status_code == 200
    return answer.content.decode()


def way_back(page: str) -> str:
    return re.search(r'class="closelink" href="([^"]+)"', page)[1]


def test_who_cancels_is_back_where_they_asked(chief, alice, bob):
    assert way_back(asked(chief, "erase", alice)) == USERS
    assert way_back(asked(chief, "erase", alice, bob)) == USERS
    assert way_back(asked(chief, "erase", alice, back="row")) == f"{USERS}{alice.pk}/change/"
    assert chief.get(f"{USERS}{alice.pk}/change/").status_code == 200


def test_a_help_is_tied_to_its_field(chief, alice, monkeypatch):
    verb = Verb("warn", "Warn", lambda user, actor, why: why, Why)
    monkeypatch.setattr(people.PeopleAdmin, "actions", (people.act(verb),))
    page = asked(chief, "warn", alice)
    tied = re.search(r'<input[^>]*name="why"[^>]*aria-describedby="([^"]+)"', page)[1]
    assert re.search(rf'id="{tied}">In a few words', page)
