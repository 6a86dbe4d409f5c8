"""The shapes that the REST calls of accounts take and give. Rules beyond shape are `accounts.services`'."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api_tokens import expiry
from accounts.models import ApiToken, User
from accounts.names import MAX_NAME_LENGTH
from accounts.passwords import MAX_PASSWORD_LENGTH
from accounts.services import PRESENCE_COLORS

TOKEN_SCOPES = ("read", "write")


class PasswordField(serializers.CharField):
    """A password, taken as it is, never given back."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=MAX_PASSWORD_LENGTH,
            trim_whitespace=False,
            write_only=True,
            style={"input_type": "password"},
            **kwargs,
        )


class UserSerializer(serializers.ModelSerializer[User]):
    """A person, as that person may see it. `color` is null where the choice is left to us."""

    color = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "username", "email", "color")
        read_only_fields = fields

    def get_color(self, user: User) -> str | None:
        return user.color or None


class PublicUserSerializer(serializers.Serializer):
    """A person, as everybody may see it."""

    id = serializers.UUIDField()
    username = serializers.CharField()


class SignUpSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=MAX_NAME_LENGTH, initial="name")
    email = serializers.EmailField(required=False, allow_blank=True, allow_null=True)
    password = PasswordField(initial="a long password")


class ChangeUserSerializer(serializers.Serializer):
    """What may change. A new password, and another address, need the current one; a new one ends every session."""

    username = serializers.CharField(max_length=MAX_NAME_LENGTH, required=False)
    email = serializers.EmailField(required=False, allow_blank=True, allow_null=True)
    color = serializers.ChoiceField(PRESENCE_COLORS, required=False, allow_blank=True, allow_null=True)
    password = PasswordField(required=False)
    current_password = PasswordField(required=False)


class EraseUserSerializer(serializers.Serializer):
    current_password = PasswordField()


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token for a program; `doc_id` is the one document that it is good for, if it is not for all."""

    scope = serializers.SerializerMethodField()
    doc_id = serializers.UUIDField(source="session.document_id", allow_null=True)
    expires_at = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        exclude = ("session", "digest")
        read_only_fields = ("name",)

    @extend_schema_field(serializers.ChoiceField(TOKEN_SCOPES))
    def get_scope(self, token: ApiToken) -> str:
        return "read" if token.session.is_read_only else "write"

    def get_expires_at(self, token: ApiToken) -> datetime | None:
        return expiry(token)


class MadeApiTokenSerializer(ApiTokenSerializer):
    """The same, and this once the token itself."""

    token = serializers.CharField()


class MakeApiTokenSerializer(serializers.Serializer):
    """What a token shall be good for, and how long. Without `doc_id`: for all documents; without a time: for ever."""

    name = serializers.CharField(max_length=100)
    scope = serializers.ChoiceField(TOKEN_SCOPES)
    doc_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate_expires_at(self, expires_at: datetime | None) -> datetime | None:
        if expires_at is not None and expires_at <= timezone.now():
            raise serializers.ValidationError("That time has passed.")
        return expires_at


class GrantSerializer(serializers.Serializer):
    """An OAuth 2 request: a password, or a refresh token. Without `grant_type` it is a password."""

    grant_type = serializers.ChoiceField(["password", "refresh_token"], required=False)
    username = serializers.CharField(required=False)
    password = PasswordField(required=False)
    refresh_token = serializers.CharField(required=False)


class TokenSerializer(serializers.Serializer):
    """An OAuth 2 answer; `expires_in` is in seconds."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    refresh_token = serializers.CharField()


class OAuthErrorSerializer(serializers.Serializer):
    """An OAuth 2 refusal (RFC 6749, section 5.2)."""

    error = serializers.CharField()
    error_description = serializers.CharField()


class RevokeSerializer(serializers.Serializer):
    token = serializers.CharField()
    token_type_hint = serializers.CharField(required=False)
