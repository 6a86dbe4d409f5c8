"""Who works on a document, over HTTP."""

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import throttles
from accounts.models import User
from documents import permissions, sharing
from documents.api import schema, serializers
from documents.api.base import DocumentActions
from documents.models import Document


@schema.PEOPLE
class PeopleViewSet(DocumentActions):
    """See, add, change and remove collaborators."""

    takes = {
        "add_collaborator": serializers.AddCollaborator,
        "collaborator": serializers.ChangeRole,
    }

    @action(detail=True, pagination_class=None)
    def collaborators(self, request: Request, doc_id: str) -> Response:
        """Everybody with a role."""
        people = permissions.collaborators(self.document(doc_id))
        return Response(serializers.CollaboratorSerializer(people, many=True).data)

    @collaborators.mapping.post
    def add_collaborator(self, request: Request, doc_id: str) -> Response:
        document = self.document(doc_id, may="manage")
        given = self.checked(serializers.AddCollaborator)
        throttles.check_user(self.user, throttles.LOOK_UPS_BY_USER)
        user = permissions.find_person(given.get("username"), given.get("email"))
        return self.give_role(document, user, given["role"], status=201)

    @action(detail=True, url_path=r"collaborators/(?P<user_id>[0-9a-fA-F-]{36})", methods=["patch"])
    def collaborator(self, request: Request, doc_id: str, user_id: str) -> Response:
        """Change a role."""
        document = self.document(doc_id, may="manage")
        given = self.checked(serializers.ChangeRole)
        return self.give_role(document, permissions.collaborator(document, user_id), given["role"])

    @collaborator.mapping.delete
    def remove_collaborator(self, request: Request, doc_id: str, user_id: str) -> Response:
        """Remove somebody; anybody may remove themselves."""
        document = self.document(doc_id)
        if str(self.user.id) != user_id.lower():
            document = self.document(doc_id, may="manage")
        user = permissions.collaborator(document, user_id)
        sharing.remove_collaborator(document, user=user, actor=self.user)
        return Response(status=204)

    def give_role(self, document: Document, user: User, role: str, status: int = 200) -> Response:
        sharing.set_role(document, user=user, role=role, actor=self.user)
        person = permissions.Person(user, role)
        return Response(serializers.CollaboratorSerializer(person).data, status=status)
