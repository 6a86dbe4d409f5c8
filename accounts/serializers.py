"""The shapes that the REST calls of accounts take and give. Rules beyond shape are `accounts.services`'."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.names import MAX_NAME_LENGTH
from accounts.services import MAX_PASSWORD_LENGTH


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
    """A person, as that person may see it."""

    class Meta:
        model = User
        fields = ("id", "username", "email")
        read_only_fields = fields


class PublicUserSerializer(serializers.Serializer):
    """A person, as everybody may see it."""

    id = serializers.UUIDField()
    username = serializers.CharField()


class SignUpSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=MAX_NAME_LENGTH, initial="name")
    email = serializers.EmailField(required=False, allow_blank=True, allow_null=True)
    password = PasswordField(initial="a long password")


class ChangeUserSerializer(serializers.Serializer):
    """What may change. A new password needs the current one, and ends every session."""

    username = serializers.CharField(max_length=MAX_NAME_LENGTH, required=False)
    email = serializers.EmailField(required=False, allow_blank=True, allow_null=True)
    password = PasswordField(required=False)
    current_password = PasswordField(required=False)


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
