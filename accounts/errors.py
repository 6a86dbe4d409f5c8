"""What accounts refuse, and the base of everything that CollabDocs refuses.

Accounts stand at the bottom of the import arrow, so the base lives here. `collabdocs/problems.py` turns it
into an RFC 9457 answer; the socket sends `code` and `detail`.
"""


class Problem(Exception):
    """A refusal with a stable `code`, a `status` for HTTP and a `detail` for people.

    A subclass sets the three; whoever raises may replace each. `retry_after` is in seconds. Every other
    keyword joins the members of the answer.
    """

    code = "invalid_request"
    status = 400
    detail = "The request can't be understood."
    retry_after: int | None = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
        **extra: object,
    ) -> None:
        self.detail = self.detail if detail is None else detail
        self.code = self.code if code is None else code
        self.status = self.status if status is None else status
        self.extra = extra
        super().__init__(self.detail)


class InvalidToken(Problem):
    """The same words whatever is wrong with the token: a guesser learns nothing."""

    status, code, detail = 401, "invalid_token", "The token is invalid, expired or revoked."


class SignUpClosed(Problem):
    status, code, detail = 403, "sign_up_closed", "This installation takes no new people by itself."


class TooOften(Problem):
    """Asked too often; worth trying again after `retry_after` seconds."""

    status, code, detail = 429, "rate_limited", "Too many attempts. Try again a little later."

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class TooMany(Problem):
    """A document, or a person, has as many of something as there may be."""

    status, code, detail = 409, "too_many", "There are too many of these already."


class NoSuchToken(Problem):
    status, code, detail = 404, "not_found", "There is no such token."


class TooLarge(Problem):
    status, code, detail = 413, "too_large", "The request is too large."
