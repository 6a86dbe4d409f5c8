"""How documents look over HTTP, and what is let in."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.models import User
from accounts.names import MAX_GUEST_NAME_LENGTH
from accounts.serializers import PublicUserSerializer
from accounts.services import PublicUser, public_user
from documents.history import Revision, Run, Version
from documents.models import GIVEN_CHOICES, Document, NamedVersion, Role, ShareLink
from documents.ot import deleted_length, inserted_length
from documents.ot.operation import InvalidOperation, Operation, parse
from documents.ot.rebase import Entry, entry_fields
from documents.permissions import abilities
from documents.services import MAX_TITLE

BIGGEST_SEQ = 2**53 - 1


@extend_schema_field(PublicUserSerializer(allow_null=True))
class PublicUserField(serializers.Field):
    """`{id, username}`, or null for somebody erased."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, user: User) -> PublicUser | None:
        return public_user(user)


class Abilities(serializers.Serializer):
    """What the caller may do with a document now."""

    view = serializers.BooleanField()
    comment = serializers.BooleanField()
    edit = serializers.BooleanField()
    manage = serializers.BooleanField(help_text="share it, rename it as its owner, delete it")


@extend_schema_field(Abilities)
class AbilitiesField(serializers.Field):
    """Made of the role."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="role", read_only=True, **kwargs)

    def to_representation(self, role: str) -> dict[str, bool]:
        return abilities(role)


@extend_schema_serializer(component_name="DocumentSummary")
class DocumentListSerializer(serializers.ModelSerializer):
    """A document in a list. `role` is the caller's, given by the view; `abilities` is what it is good for."""

    doc_id = serializers.UUIDField(source="id", read_only=True)
    role = serializers.ChoiceField(Role.choices, read_only=True)
    abilities = AbilitiesField()
    locked = serializers.BooleanField(read_only=True, help_text="by an administrator: nobody may change it now")
    owner = PublicUserField()

    class Meta:
        model = Document
        fields = ["doc_id", "title", "version", "role", "abilities", "locked", "owner", "created_at", "updated_at"]
        read_only_fields = ["title"]


@extend_schema_serializer(component_name="Document")
class DocumentSerializer(DocumentListSerializer):
    """A document with its text; `version` is the text's."""

    content = serializers.CharField(read_only=True)

    class Meta(DocumentListSerializer.Meta):
        fields = ["doc_id", "title", "content", *DocumentListSerializer.Meta.fields[2:]]


@extend_schema_serializer(component_name="DeletedDocument")
class DeletedDocumentSerializer(DocumentListSerializer):
    """A document in the trash."""

    class Meta(DocumentListSerializer.Meta):
        fields = ["doc_id", "title", "version", "locked", "owner", "created_at", "updated_at", "deleted_at"]


class TextField(serializers.CharField):
    """A text, kept to the code point (the services check it); no number taken for its digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **kwargs)

    def to_internal_value(self, data: object) -> str:
        if type(data) is not str:
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": BIGGEST_SEQ})
class WholeNumber(serializers.Field):
    """A JSON integer from 0; no true, no "5", no 5.0."""

    def to_internal_value(self, data: object) -> int:
        if type(data) is not int or not 0 <= data <= BIGGEST_SEQ:
            raise serializers.ValidationError("must be a whole number from 0")
        return data

    def to_representation(self, value: int) -> int:
        return value


class CreateDocument(serializers.Serializer):
    title = TextField(max_length=MAX_TITLE, default="", initial="A title")
    content = TextField(default="", initial="A text\n")


class PutDocument(serializers.Serializer):
    """The whole text, made from the text at `version`."""

    title = TextField(max_length=MAX_TITLE, required=False)
    content = TextField()
    version = WholeNumber(required=False)


class PatchDocument(PutDocument):
    content = TextField(required=False)


@extend_schema_field({"$ref": "#/components/schemas/Operation"})  # see schema.with_operation
class OperationField(serializers.Field):
    """A JSON list of components."""

    initial = list

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
    client_id = ClientId(initial=uuid4)
    seq = WholeNumber(initial=1)
    base_version = WholeNumber(initial=0)
    operation = OperationField()

    def validate_seq(self, seq: int) -> int:
        if seq < 1:
            raise serializers.ValidationError("counts from 1")
        return seq


class NameVersion(serializers.Serializer):
    name = TextField(max_length=MAX_TITLE, initial="A name")


class RestoreVersion(serializers.Serializer):
    version = WholeNumber(initial=0)


class ImportFiles(serializers.Serializer):
    """A text file or a zip of them. The view takes several under the one name; a form shows one."""

    file = serializers.FileField()


class CollaboratorSerializer(serializers.Serializer):
    """A person and what they may do."""

    user = PublicUserField()
    role = serializers.ChoiceField(Role.choices, read_only=True)


class AddCollaborator(serializers.Serializer):
    """Somebody by name or by e-mail, and what they may do."""

    username = serializers.CharField(required=False, initial="name")
    email = serializers.EmailField(required=False)
    role = serializers.ChoiceField(Role.choices, initial=Role.VIEWER)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("username" in attrs) == ("email" in attrs):
            raise serializers.ValidationError("Give either username or email.")
        return attrs


class ShareLinkSerializer(serializers.ModelSerializer):
    """A link, without its secret. `expires_at` null: it lasts until it is revoked."""

    created_by = PublicUserField()

    class Meta:
        model = ShareLink
        fields = ["id", "role", "expires_at", "created_at", "created_by"]
        read_only_fields = fields


class MakeShareLink(serializers.Serializer):
    role = serializers.ChoiceField(GIVEN_CHOICES, default=Role.VIEWER, initial=Role.VIEWER)
    expires_at = serializers.DateTimeField(default=None, allow_null=True)


class RedeemShareLink(serializers.Serializer):
    """`name` is what a guest is called; who brings a token is known already."""

    secret = serializers.CharField(max_length=100, trim_whitespace=False)
    name = serializers.CharField(max_length=MAX_GUEST_NAME_LENGTH, default="Guest")


class ChangeRole(serializers.Serializer):
    role = serializers.ChoiceField(Role.choices, initial=Role.VIEWER)


def history_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries as the history shows them, with names."""
    people = public_users(entry.author for entry in entries)
    return [
        entry_fields(entry)
        | {
            "author": people[entry.author],
            "created_at": entry.created_at,
            "inserted": inserted_length(entry.operation),
            "deleted": deleted_length(entry.operation),
        }
        for entry in entries
    ]


def revisions_json(revisions: Sequence[Revision], named: Sequence[NamedVersion]) -> list[dict[str, Any]]:
    """Revisions, each with the versions in it that have a name."""
    people = public_users(revision.author for revision in revisions)
    return [
        {
            "from_version": revision.from_version,
            "to_version": revision.to_version,
            "author": people[revision.author],
            "started_at": revision.started_at,
            "ended_at": revision.ended_at,
            "inserted": revision.inserted,
            "deleted": revision.deleted,
            "names": [
                {"version": each.version, "name": each.name}
                for each in named
                if revision.from_version <= each.version <= revision.to_version
            ],
        }
        for revision in revisions
    ]


def runs_json(runs: Sequence[Run]) -> list[dict[str, Any]]:
    people = public_users(run.origin.author for run in runs)
    return [
        {
            "length": run.length,
            "author": people[run.origin.author],
            "version": run.origin.version,
            "created_at": run.origin.created_at,
        }
        for run in runs
    ]


def version_json(found: Version) -> dict[str, Any]:
    return {
        "version": found.version,
        "content": found.content,
        "created_at": found.created_at,
        "author": public_users([found.author])[found.author],
    }


def names_json(named: Sequence[NamedVersion]) -> list[dict[str, Any]]:
    people = public_users(each.author_id for each in named)
    return [
        {
            "version": each.version,
            "name": each.name,
            "author": people[each.author_id],
            "created_at": each.created_at,
        }
        for each in named
    ]


def public_users(ids: Iterable[UUID | None]) -> dict[UUID | None, PublicUser | None]:
    """People by id as others may see them, None for those erased, in one query."""
    people: dict[UUID | None, PublicUser | None] = dict.fromkeys(ids)
    known = [user_id for user_id in people if user_id is not None]
    for user in User.objects.filter(pk__in=known) if known else ():
        people[user.id] = public_user(user)
    return people
