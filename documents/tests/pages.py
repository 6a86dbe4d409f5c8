"""What the tests of the pages say again and again."""

from django.test import Client
from django.urls import reverse

from accounts.models import User
from documents import permissions
from documents.models import Document


class Browser:
    """Somebody at the pages: speaks in URL names, returns answers, shows the messages of the next page."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        if user:
            self.client.force_login(user)

    def opens(self, name, document=None, /, **query):
        return self.client.get(self.address(name, document), query)

    def posts(self, name, document=None, /, **data):
        return self.client.post(self.address(name, document), data)

    def messages_after(self, answer):
        assert answer.status_code == 302
        followed = self.client.get(answer.url)
        return [str(message) for message in followed.context["messages"]]

    @staticmethod
    def address(name, document):
        return reverse(name, args=[document.id] if document else [])


def roles(document):
    fresh = Document.objects.get(pk=document.pk)
    return {person.user.username: person.role for person in permissions.collaborators(fresh)}


def title_of(document):
    return Document.objects.get(pk=document.pk).title
