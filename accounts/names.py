"""What a name and an e-mail address may look like, and when two of them are the same.

A name is kept as typed after NFKC; it is compared by its `name_key`, so that "Alice", "ALICE" and their
full-width twin are one name. Pure functions of strings.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError

MAX_NAME_LENGTH = 150
MAX_GUEST_NAME_LENGTH = 50
MAX_KEY_LENGTH = 3 * MAX_NAME_LENGTH  # one code point folds into three at most
ERASED_PREFIX = "erased:"  # kept for the rows of erased people, so that nobody can stand in an erasure's way
SOMEBODY = "Somebody"  # who was erased, or never had a name
GUEST_PREFIX, GUEST_SUFFIX = "guest:", " (guest)"  # kept for guests, so that nobody is taken for one, nor one for them

# Letters and marks that draw nothing: names made of them look empty, or like somebody else's.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {
    chr(point) for start, end in ((0xFE00, 0xFE10), (0xE0100, 0xE01F0)) for point in range(start, end)
}


def normal_name(name: str) -> str:
    """The name as it is stored: NFKC, with single spaces between its words."""
    return re.sub(" +", " ", unicodedata.normalize("NFKC", name)).strip(" ")


def name_key(name: str) -> str:
    """What two spellings of one name have in common: name_key(name_key(x)) == name_key(x)."""
    return unicodedata.normalize("NFKC", normal_name(name).casefold())


def normal_email(email: str | None) -> str | None:
    """The address as it is stored and compared, None when there is none."""
    return unicodedata.normalize("NFKC", email or "").strip().lower() or None


def validate_name(name: str) -> None:
    """Refuse what can't be seen for what it is: controls, bidi and zero-width characters; our own prefix."""
    if any(_is_unseen(char) for char in name):
        raise ValidationError("A name can't hold invisible or control characters.", code="invalid")
    if not any(unicodedata.category(char)[0] in "LN" for char in name):
        raise ValidationError("A name needs at least one letter or digit.", code="invalid")
    key = name_key(name)
    if key.startswith((ERASED_PREFIX, GUEST_PREFIX)) or key.replace(" ", "").endswith(GUEST_SUFFIX.strip()):
        raise ValidationError("This name is reserved.", code="invalid")


def _is_unseen(char: str) -> bool:
    """Controls, formats (bidi, zero-width, tags), surrogates, unassigned ones, line ends, blanks."""
    category = unicodedata.category(char)
    return category[0] == "C" or category in ("Zl", "Zp") or char in _BLANK
