"""The shapes of answers, as the schema tells them; what fills them is in `serializers`."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.serializers import TokenSerializer
from documents.api.serializers import (
    CollaboratorSerializer,
    DeletedDocumentSerializer,
    DocumentListSerializer,
    OperationField,
    PublicUserField,
    ShareLinkSerializer,
    WholeNumber,
)

__all__ = ["CollaboratorSerializer"]


@extend_schema_serializer(many=False)
class Page(serializers.Serializer):
    """A part of a list: `count` is the length of all of it, `next` and `previous` are addresses or null."""

    count = WholeNumber()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class DocumentPage(Page):
    results = DocumentListSerializer(many=True)


class TrashPage(Page):
    results = DeletedDocumentSerializer(many=True)


class MadeShareLink(ShareLinkSerializer):
    """A new link, its secret, and the page that it opens with the secret behind the `#`."""

    secret = serializers.CharField()
    url = serializers.URLField()

    class Meta(ShareLinkSerializer.Meta):
        fields = [*ShareLinkSerializer.Meta.fields, "secret", "url"]


class GuestTokens(TokenSerializer):
    """Tokens that are good for one document."""

    doc_id = serializers.UUIDField()


class ImportedDocument(serializers.Serializer):
    """A document that was made of a file."""

    doc_id = serializers.UUIDField()
    title = serializers.CharField()
    version = WholeNumber()
    file = serializers.CharField()


class SkippedFile(serializers.Serializer):
    """A file that no document was made of, and why."""

    file = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Import(serializers.Serializer):
    """What became of the files."""

    created = ImportedDocument(many=True)
    skipped = SkippedFile(many=True)


# --- The log --------------------------------------------------------------------------------------------------


class Committed(serializers.Serializer):
    """What a submission became: its version, and the operation as it was committed."""

    version = WholeNumber()
    operation = OperationField()


class Named(Committed):
    """A committed operation by the names that its client gave it."""

    client_id = serializers.UUIDField()
    seq = WholeNumber()
    created_at = serializers.DateTimeField()


class Entry(Named):
    """One committed operation, as the socket sends it, and when it was committed. `author` is a user's id."""

    author = serializers.UUIDField(allow_null=True)


class Entries(serializers.Serializer):
    """Entries in version order, without holes; `version` is the head."""

    version = WholeNumber()
    operations = Entry(many=True)


class HistoryEntry(Named):
    """One committed operation; `inserted` and `deleted` count code points."""

    author = PublicUserField()
    inserted = WholeNumber()
    deleted = WholeNumber()


class HistoryPage(Page):
    results = HistoryEntry(many=True)


class VersionName(serializers.Serializer):
    """A version and what somebody named it."""

    version = WholeNumber()
    name = serializers.CharField()


class Revision(serializers.Serializer):
    """A run of one author's operations without a long pause; `inserted` and `deleted` count code points."""

    from_version = WholeNumber()
    to_version = WholeNumber()
    author = PublicUserField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    inserted = WholeNumber()
    deleted = WholeNumber()
    names = VersionName(many=True)


class RevisionPage(Page):
    results = Revision(many=True)


# --- Versions -------------------------------------------------------------------------------------------------


class Version(serializers.Serializer):
    """A text as it was at one version, who wrote the operation that made it, and when."""

    version = WholeNumber()
    content = serializers.CharField()
    created_at = serializers.DateTimeField()
    author = PublicUserField()


class NamedVersion(serializers.Serializer):
    """A version that somebody (`author`) gave a name at a time (`created_at`)."""

    version = WholeNumber()
    name = serializers.CharField()
    author = PublicUserField()
    created_at = serializers.DateTimeField()


class NamedVersionPage(Page):
    results = NamedVersion(many=True)


class Diff(serializers.Serializer):
    """What makes one text of another: as an operation, and as a unified diff for reading."""

    to = WholeNumber()
    operation = OperationField()
    unified = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"from": WholeNumber(), **super().get_fields()}  # a keyword can't be an attribute


class Run(serializers.Serializer):
    """`length` code points in a row that one operation brought."""

    length = serializers.IntegerField(min_value=1)
    author = PublicUserField()
    version = WholeNumber()
    created_at = serializers.DateTimeField()


class Blame(serializers.Serializer):
    """Who wrote the text at a version, from its start to its end: the lengths sum to the text's."""

    version = WholeNumber()
    runs = Run(many=True)
