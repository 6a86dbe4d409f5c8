"""What is no password, beside what Django's own validators find."""

from django.core.exceptions import ValidationError

MAX_PASSWORD_LENGTH = 1024  # characters; a longer one is refused before it is hashed


class PossibleValidator:
    """Refuses what nobody could log in with, and what looks like none. For AUTH_PASSWORD_VALIDATORS, so that it is the
    same wherever a password is set."""

    def validate(self, password: str, user: object = None) -> None:
        """Raises Django's ValidationError."""
        if len(password) > MAX_PASSWORD_LENGTH:
            raise ValidationError(f"At most {MAX_PASSWORD_LENGTH} characters.", code="max_length")
        if not password.strip():
            raise ValidationError("A password of spaces alone is none.", code="blank")

    def get_help_text(self) -> str:
        return f"Your password has at most {MAX_PASSWORD_LENGTH} characters, and not spaces alone."
