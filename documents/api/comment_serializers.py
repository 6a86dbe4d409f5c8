"""Comments over HTTP: how they look, and what is let in."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import PublicUserSerializer
from documents.api.serializers import BIGGEST_SEQ, ClientId, TextField, WholeNumber
from documents.comments import MAX_BODY

POSITION = {"type": "integer", "minimum": 0, "maximum": BIGGEST_SEQ}
RANGE = {"type": "array", "items": POSITION, "minItems": 2, "maxItems": 2}


@extend_schema_field(RANGE)
class RangeField(serializers.Field):
    """`[from, to]` in code points."""

    initial = [0, 0]

    def to_internal_value(self, data: object) -> tuple[int, int]:
        if type(data) is not list or len(data) != 2:
            raise serializers.ValidationError("must be [from, to]")
        start, end = map(WholeNumber().to_internal_value, data)
        if start > end:
            raise serializers.ValidationError("ends before it begins")
        return start, end

    def to_representation(self, value: list[int]) -> list[int]:
        return value


class StrictBoolean(serializers.BooleanField):
    """true or false; no word, and no number, for them."""

    def to_internal_value(self, data: object) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


class Comment(serializers.Serializer):
    """What somebody (`author`, null for one erased) says of a range of the text at `version`, where `quote` stood when
    it was said. `deleted`: an empty place in its thread."""

    id = serializers.UUIDField()
    author = PublicUserSerializer(allow_null=True)
    body = serializers.CharField()
    range = RangeField()
    version = WholeNumber()
    quote = serializers.CharField()
    resolved = serializers.BooleanField()
    parent = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    deleted = serializers.BooleanField()


class AddComment(serializers.Serializer):
    """`range` is in the text at `version`, or at the head; an answer, which has a `parent`, stands where its thread
    does."""

    body = TextField(max_length=MAX_BODY, initial="A comment")
    range = RangeField(required=False, source="stretch")
    version = WholeNumber(required=False)
    parent = ClientId(required=False, allow_null=True, source="parent_id")  # type: ignore[assignment]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "stretch" not in attrs and attrs.get("parent_id") is None:
            raise serializers.ValidationError({"range": "A comment needs a range, or a parent that has one."})
        return attrs


class ChangeComment(serializers.Serializer):
    body = TextField(max_length=MAX_BODY, required=False, initial="A comment")
    resolved = StrictBoolean(required=False, source="is_resolved", initial=True)
