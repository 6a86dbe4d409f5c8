"""How documents look over HTTP, and what is let in."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from rest_framework import serializers

from accounts.models import User
from accounts.services import PublicUser, public_user
from documents.models import Document, Role
from documents.ot import deleted_length, inserted_length
from documents.ot.operation import InvalidOperation, Operation, parse
from documents.ot.rebase import Entry, entry_fields
from documents.services import MAX_TITLE

BIGGEST_SEQ = 2**53 - 1


class PublicUserField(serializers.Field):
    """`{id, username}`, or null for somebody erased."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, user: User) -> PublicUser | None:
        return public_user(user)


class DocumentListSerializer(serializers.ModelSerializer):
    """A document in a list. `role` is the caller's, given by the view."""

    doc_id = serializers.UUIDField(source="id", read_only=True)
    role = serializers.CharField(read_only=True)
    owner = PublicUserField()

    class Meta:
        model = Document
        fields = ["doc_id", "title", "version", "role", "owner", "created_at", "updated_at"]


class DocumentSerializer(DocumentListSerializer):
    """A document with its text; `version` is the text's."""

    content = serializers.CharField(read_only=True)

    class Meta(DocumentListSerializer.Meta):
        fields = ["doc_id", "title", "content", "version", "role", "owner", "created_at", "updated_at"]


class TextField(serializers.CharField):
    """A text, kept to the code point (the services check it); no number taken for its digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **kwargs)

    def to_internal_value(self, data: object) -> str:
        if type(data) is not str:
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumber(serializers.Field):
    """A JSON integer from 0; no true, no "5", no 5.0."""

    def to_internal_value(self, data: object) -> int:
        if type(data) is not int or not 0 <= data <= BIGGEST_SEQ:
            raise serializers.ValidationError("must be a whole number from 0")
        return data

    def to_representation(self, value: int) -> int:
        return value


class CreateDocument(serializers.Serializer):
    title = serializers.CharField(max_length=MAX_TITLE, allow_blank=True, default="", trim_whitespace=False)
    content = TextField(default="")


class PutDocument(serializers.Serializer):
    """The whole text, made from the text at `version`."""

    title = serializers.CharField(max_length=MAX_TITLE, allow_blank=True, required=False)
    content = TextField()
    version = WholeNumber(required=False)


class PatchDocument(PutDocument):
    content = TextField(required=False)


class OperationField(serializers.Field):
    """A JSON list of components."""

    def to_internal_value(self, data: object) -> Operation:
        try:
            return parse(data)
        except InvalidOperation as error:
            raise serializers.ValidationError(str(error), code=error.code) from None

    def to_representation(self, value: Operation) -> list[int | str]:
        return list(value)


class ClientId(serializers.UUIDField):
    """A UUID as a string; a number is none."""

    def to_internal_value(self, data: object) -> UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class SubmissionSerializer(serializers.Serializer):
    client_id = ClientId()
    seq = WholeNumber()
    base_version = WholeNumber()
    operation = OperationField()

    def validate_seq(self, seq: int) -> int:
        if seq < 1:
            raise serializers.ValidationError("counts from 1")
        return seq


class CollaboratorSerializer(serializers.Serializer):
    user = PublicUserField()
    role = serializers.CharField(read_only=True)


class AddCollaborator(serializers.Serializer):
    """Somebody by name or by e-mail, and what they may do."""

    username = serializers.CharField(required=False)
    email = serializers.EmailField(required=False)
    role = serializers.ChoiceField(Role.choices)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("username" in attrs) == ("email" in attrs):
            raise serializers.ValidationError("Give either username or email.")
        return attrs


class ChangeRole(serializers.Serializer):
    role = serializers.ChoiceField(Role.choices)


def history_json(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Entries as the history shows them, with names; one query for all authors."""
    entries = list(entries)
    names = public_users({entry.author for entry in entries if entry.author})
    return [
        entry_fields(entry)
        | {
            "author": names.get(entry.author) if entry.author else None,
            "created_at": entry.created_at,
            "inserted": inserted_length(entry.operation),
            "deleted": deleted_length(entry.operation),
        }
        for entry in entries
    ]


def public_users(ids: Iterable[UUID]) -> dict[UUID, PublicUser | None]:
    """People by id as others may see them."""
    return {user.id: public_user(user) for user in User.objects.filter(pk__in=list(ids))}
