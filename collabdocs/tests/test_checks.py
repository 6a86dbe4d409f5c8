"""Which mixes of settings are refused, which are doubted, and which are fine."""

from itertools import product
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.checks import CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured

from collabdocs import checks, start
from collabdocs.checks import check_deployment, check_mix
from collabdocs.in_use import in_use

pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")  # nothing here asks one
SQLITE = {"DATABASE_URL": "sqlite:////data/x.sqlite3", "DATABASES": {"default": {"NAME": "/data/x.sqlite3"}}}
MONGO = {"DATABASE_URL": "mongodb://ada:geheim@a,b/collabdocs?replicaSet=rs0"}
BROKER = {"RABBITMQ_URL": "amqp://ada:geheim@broker/docs"}
REDIS = {"REDIS_URL": "redis://:geheim@cache:6379/0"}
LAPTOP: dict[str, Any] = SQLITE | {
    "PROCESSES": 1,
    "RABBITMQ_URL": "",
    "REDIS_URL": "",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz",
    "SECRET_KEY_IS_MADE": True,
    "DEBUG": False,
    "HTTPS": False,
    "SESSION_COOKIE_SECURE": False,
    "BEHIND_PROXY": False,
    "ALLOWED_HOSTS": ["docs.example.org"],
    "SQLITE_SYNCHRONOUS": "FULL",
    "RATE_LIMITS": True,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
}
PROXY = {"BEHIND_PROXY": True, "HTTPS": True, "SESSION_COOKIE_SECURE": True}
CLUSTER = LAPTOP | MONGO | BROKER | REDIS | PROXY | {"PROCESSES": 3, "SECRET_KEY_IS_MADE": False}


def mongo(options: str) -> dict[str, str]:
    return {"DATABASE_URL": f"{MONGO['DATABASE_URL']}&{options}"}


@pytest.fixture
def found(settings):
    """`found(PROCESSES=2)`: the ids of what is found, from a base."""

    def find(base: dict[str, Any], check=check_mix, **more: Any) -> set[str]:
        for name, value in (base | more).items():
            setattr(settings, name, value)
        messages: list[CheckMessage] = check(None)
        assert all(message.hint for message in messages), "something is found, and nothing to do about it"
        return {str(message.id).removeprefix("collabdocs.") for message in messages}

    return find


def test_a_laptop_and_a_cluster_are_fine(found) -> None:
    assert found(LAPTOP) == set()
    assert found(CLUSTER) == set()
    assert found(CLUSTER, check_deployment) == set()


def test_each_mix_of_the_three_variables(found) -> None:
    """One process may have any; several need the broker, and had better have the rest."""
    for database, broker, redis, many in product((SQLITE, MONGO), ({}, BROKER), ({}, REDIS), (1, 2)):
        base = LAPTOP | database | broker | redis | {"SECRET_KEY_IS_MADE": False, "BEHIND_PROXY": True}
        expected = {"E002": not broker, "W001": not redis, "W003": database is SQLITE} if many > 1 else {}
        assert found(base, PROCESSES=many) == {check for check, holds in expected.items() if holds}, base


@pytest.mark.parametrize(
    ("base", "more", "expected"),
    [
        (LAPTOP, {"PROCESSES": 0}, {"E001"}),
        (CLUSTER, {"DEBUG": True}, {"E003"}),
        (LAPTOP, {"DEBUG": True}, set()),
        (CLUSTER, {"SECRET_KEY_IS_MADE": True}, {"E004"}),
        (LAPTOP | MONGO, {}, set()),  # one process may make its key
        (LAPTOP, {"SECRET_KEY": "x" * 31}, {"E005"}),
        (LAPTOP, {"SECRET_KEY": "abcd" * 20}, {"E005"}),
        (LAPTOP, {"SECRET_KEY": "django-insecure-0123456789-abcdefghijklmnopqrstuvwxyz"}, {"E005"}),
        (LAPTOP, {"SECRET_KEY": "Change-Me-0123456789-abcdefghijklmnopqrstuvwxyz"}, {"E005"}),
        (LAPTOP, {"SECRET_KEY": "short", "DEBUG": True}, set()),
        (LAPTOP, {"DATABASES": {"default": {"NAME": ":memory:"}}}, {"E006"}),
        (LAPTOP, {"SQLITE_SYNCHRONOUS": "OFFF"}, {"E007"}),
        (LAPTOP, {"SQLITE_SYNCHRONOUS": "normal"}, {"W004"}),
        (LAPTOP, {"SQLITE_SYNCHRONOUS": "0"}, {"W004"}),
        (LAPTOP, {"SQLITE_SYNCHRONOUS": "extra"}, set()),
        (CLUSTER, {"SQLITE_SYNCHRONOUS": "OFF"}, set()),  # SQLite's alone
        (CLUSTER, {"BEHIND_PROXY": False}, {"W002"}),
        (CLUSTER, {"DATABASE_URL": "mongodb://a/collabdocs"}, {"W005"}),
        (CLUSTER, {"DATABASE_URL": "mongodb://a/collabdocs?replicaset=x"}, set()),
        (CLUSTER, {"DATABASE_URL": "mongodb+srv://a/collabdocs"}, set()),
        (CLUSTER, mongo("timeoutMS=0&socketTimeoutMS=0"), {"W011"}),
        (CLUSTER, mongo("TIMEOUTMS=0&sockettimeoutms=0"), {"W011"}),
        (CLUSTER, mongo("timeoutMS=0"), set()),  # the narrower limits count then
        (CLUSTER, mongo("socketTimeoutMS=0"), set()),
        (CLUSTER, mongo("timeoutMS=0&socketTimeoutMS=20000"), set()),
        (CLUSTER, {"RABBITMQ_URL": "amqp://broker"}, {"W006"}),
        (CLUSTER, {"RABBITMQ_URL": "amqp://guest:guest@broker"}, {"W006"}),
        (CLUSTER, {"RABBITMQ_URL": "amqp://guest:guest@localhost"}, set()),
        (CLUSTER, {"RABBITMQ_URL": "amqp://127.0.0.2:5672"}, set()),
        (CLUSTER, {"RABBITMQ_URL": "amqp://[::1]:5672"}, set()),
        (CLUSTER, {"RABBITMQ_URL": "amqp://guest:other@broker"}, set()),
    ],
)
def test_what_is_found(found, base: dict[str, Any], more: dict[str, Any], expected: set[str]) -> None:
    assert found(base, **more) == expected


@pytest.mark.parametrize(
    ("base", "more", "expected"),
    [
        (LAPTOP, {}, {"W007"}),
        (CLUSTER, {"BEHIND_PROXY": False}, {"W008"}),
        (CLUSTER, {"ALLOWED_HOSTS": ["a.example.org", "*"]}, {"W009"}),
        (LAPTOP | MONGO | PROXY, {}, {"W010"}),
        (LAPTOP | MONGO | PROXY, {"SECRET_KEY_IS_MADE": False}, set()),
        (CLUSTER, {"RATE_LIMITS": False}, {"W013"}),
        (CLUSTER, {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}, {"W014"}),
        (CLUSTER, mongo("tls=true&tlsInsecure=true"), {"W012"}),
        (CLUSTER, mongo("tls=true&tlsallowinvalidcertificates=true"), {"W012"}),
        (CLUSTER, mongo("tls=true&tlsAllowInvalidHostnames=true"), {"W012"}),
        (CLUSTER, mongo("tls=true&tlsInsecure=false&tlsCAFile=/ca.pem"), set()),
        (LAPTOP | PROXY, {"DATABASE_URL": "sqlite:////x.sqlite3?tlsInsecure=true"}, set()),
    ],
)
def test_what_is_found_before_a_deployment(
    found, base: dict[str, Any], more: dict[str, Any], expected: set[str]
) -> None:
    assert found(base, check_deployment, **more) == expected


def test_what_runs_these_tests_is_fine() -> None:
    assert configured.PROCESSES == 1
    assert not [message for message in run_checks(tags=[checks.TAG]) if message.is_serious()]


# --- At the start ---


def test_a_start_is_refused_with_all_errors(found, caplog: pytest.LogCaptureFixture) -> None:
    found(LAPTOP, PROCESSES=2)
    with pytest.raises(ImproperlyConfigured) as refused:
        start.begin()
    for word in ("E002", "RABBITMQ_URL=", "E004", "SECRET_KEY"):
        assert word in str(refused.value)
    assert not caplog.records


def test_a_start_tells_doubts_and_what_is_in_use(found, caplog: pytest.LogCaptureFixture) -> None:
    found(CLUSTER, REDIS_URL="")
    start.begin()
    doubt, told = [record.getMessage() for record in caplog.records]
    assert "collabdocs.W001" in doubt and "REDIS_URL=" in doubt
    assert told == in_use()


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (LAPTOP, "SQLite in /data/x.sqlite3. Broker: none, this process is alone. Cache: this process's own."),
        (LAPTOP | REDIS, "/x.sqlite3. Broker: none, this process is alone. Cache: Redis at cache:6379/0."),
        (LAPTOP | BROKER, "/x.sqlite3. Broker: RabbitMQ at broker/docs. Cache: this process's own."),
        (
            CLUSTER,
            "MongoDB at a,b/collabdocs. Broker: RabbitMQ at broker/docs, one of 3 processes."
            " Cache: Redis at cache:6379/0.",
        ),
    ],
)
def test_what_is_in_use_is_told_without_passwords(found, base: dict[str, Any], told: str) -> None:
    found(base)
    assert in_use().endswith(told)
    assert "geheim" not in in_use() and "ada" not in in_use()
