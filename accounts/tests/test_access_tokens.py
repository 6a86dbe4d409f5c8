"""Forged, stale and stolen tokens: S3 to S6 of our list of attacks."""

import base64
import json
import time
from datetime import UTC, datetime
from uuid import uuid4

import jwt
import pytest
from django.conf import settings
from rest_framework.test import APIClient

from accounts import services, tokens
from accounts.errors import InvalidToken

ME = "/api/users/me"


@pytest.fixture
def claims(alice) -> dict:
    """What a good access token of alice says."""
    return jwt.decode(tokens.start_session(alice).access_token, options={"verify_signature": False})


def sign(claims: dict, key: str | None = None, algorithm: str = "HS256", **headers) -> str:
    return jwt.encode(claims, settings.SECRET_KEY if key is None else key, algorithm, headers=headers or None)


def status(token: str) -> int:
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
    answer = client.get(ME)
    if answer.status_code == 401:
        assert answer.json()["code"] == "invalid_token"
        assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    return answer.status_code


def test_it_works(alice, claims, django_assert_num_queries):
    token = sign(claims)
    with django_assert_num_queries(1):
        identity = tokens.verify_access(token)
    assert (identity.user_id, identity.username, str(identity.session_id)) == (alice.id, "alice", claims["sid"])
    assert identity.expires_at == datetime.fromtimestamp(claims["exp"], UTC)
    assert status(token) == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_is_read_in_any_case(claims, scheme):
    assert APIClient(HTTP_AUTHORIZATION=f"{scheme} {sign(claims)}").get(ME).status_code == 200


@pytest.mark.parametrize("name", ["none", "None", "nOnE", "NONE"])
def test_no_algorithm_is_no_signature(claims, name):
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": name}, claims))
    for signature in (b"", base64.urlsafe_b64encode(b"x")):
        assert status(b".".join((head, body, signature)).decode()) == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_only_our_algorithm_counts(claims, algorithm):
    assert status(sign(claims, algorithm=algorithm)) == 401


@pytest.mark.parametrize("key", ["", "secret", "changeme", "django-insecure", "collabdocs"])
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_guessed_keys_fail(claims, key):
    try:
        token = sign(claims, key)
    except jwt.InvalidKeyError:
        return
    assert status(token) == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": {"kty": "oct", "k": "c2VjcmV0"}},
    ],
)
def test_a_token_brings_no_key_of_its_own(claims, headers):
    assert status(sign(claims, "c2VjcmV0" * 8, **headers)) == 401


@pytest.mark.parametrize(
    "change",
    [
        {"token_type": "refresh"},
        {"token_type": "share"},
        {"token_type": None},
        {"aud": "elsewhere"},
        {"iss": "elsewhere"},
        {"exp": int(time.time()) - 3600},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1e400},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"sid": str(uuid4())},
        {"sid": "' OR 1=1 --"},
        {"sid": {"$ne": None}},
        {"sub": str(uuid4())},
        {"sub": None},
    ],
)
def test_a_wrong_claim_is_refused(claims, change):
    assert status(sign({**claims, **change})) == 401


@pytest.mark.parametrize("claim", ["token_type", "aud", "iss", "exp", "jti", "sid", "sub"])
def test_a_missing_claim_is_refused(claims, claim):
    del claims[claim]
    assert status(sign(claims)) == 401


def test_clocks_may_differ_a_little(claims):
    assert status(sign({**claims, "exp": int(time.time()) - 5})) == 200


def test_a_refresh_token_opens_nothing(alice):
    assert status(tokens.start_session(alice).refresh_token) == 401


@pytest.mark.parametrize("token", ["", " ", "x", "a.b.c", "..", "é", "x" * 100_000, "a b", "\x00"])
@pytest.mark.django_db
def test_garbage_is_refused(token):
    assert status(token) == 401


def test_an_inactive_or_erased_user_is_nobody(alice, bob):
    held = [tokens.start_session(user).access_token for user in (alice, bob)]
    alice.is_active = False
    alice.save()
    services.erase_user(bob)
    assert [status(token) for token in held] == [401, 401]


def test_a_changed_signature_is_refused(claims):
    token = sign(claims)
    with pytest.raises(InvalidToken):
        tokens.verify_access(token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))


def test_a_token_in_the_address_counts_for_nothing(claims):
    token = sign(claims)
    assert APIClient().get(f"{ME}?access_token={token}&token={token}").status_code == 401
