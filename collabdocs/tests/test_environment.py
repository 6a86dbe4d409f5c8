"""What variables may say: nonsense is refused in words, an empty one counts as none."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from collabdocs.environment import Environment

SECRET = "geheim"


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr(Environment, "ENVIRON", {})
    return Environment()


def test_it_works(env: Environment) -> None:
    env.ENVIRON.update(MANY="2", ON="true", BROKER="amqps://ada:gehe%40im@broker.example.org/host")
    assert (env.int("MANY", 1), env.bool("ON", False)) == (2, True)
    assert env.service("BROKER", "amqp", "amqps") == "amqps://ada:gehe%40im@broker.example.org/host"


@pytest.mark.parametrize("given", [{}, {"IT": ""}])
def test_an_empty_variable_is_not_set(env: Environment, given: dict[str, str]) -> None:
    env.ENVIRON.update(given)
    assert (env.int("IT", 7), env.str("IT", "x"), env.list("IT", default=["a"]), env.service("IT", "amqp")) == (
        7,
        "x",
        ["a"],
        "",
    )


@given(st.integers().map(str) | st.text(min_size=1).filter(lambda text: "$" not in text))
def test_a_number_is_one_or_refused_by_name(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "ENVIRON", {"PROCESSES": text})
        if (number := number_in(text)) is not None:
            assert Environment().int("PROCESSES", 1) == number
        else:
            with pytest.raises(ImproperlyConfigured, match=r"^PROCESSES must be a number"):
                Environment().int("PROCESSES", 1)


def number_in(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://:pw@h:1/0", "redis://[::1]:6379", "unix:///run/redis.sock?db=1"]
)
def test_a_service_is_let_in(env: Environment, url: str) -> None:
    env.ENVIRON["REDIS_URL"] = url
    assert env.service("REDIS_URL", "redis", "rediss", "unix") == url


@pytest.mark.parametrize(
    "url",
    [
        f"amqp://ada:{SECRET}@host",
        f"{SECRET}",
        f"redis:{SECRET}",
        f"redis://:{SECRET}@",
        f"redis://:{SECRET}@host:port",
        f"redis://:{SECRET}@host:0",
        f"redis://:{SECRET}@host:99999",
        f"redis://ada:1/{SECRET}@host",
        f"redis://ada:{SECRET}/x@host",
        f"redis://[{SECRET}",
        "unix://",
    ],
)
def test_what_names_no_service_is_refused_and_not_repeated(env: Environment, url: str) -> None:
    env.ENVIRON["REDIS_URL"] = url
    with pytest.raises(ImproperlyConfigured, match=r"^REDIS_URL must begin with redis:// or unix://") as refused:
        env.service("REDIS_URL", "redis", "unix")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(("given", "means"), [("", "INFO"), ("debug", "DEBUG"), ("INFO", "INFO")])
def test_a_word_of_some(env: Environment, given: str, means: str) -> None:
    env.ENVIRON["LOG_LEVEL"] = given
    assert env.one_of("LOG_LEVEL", "DEBUG", "INFO", default="INFO") == means


def test_no_word_of_these(env: Environment) -> None:
    env.ENVIRON["LOG_LEVEL"] = "nonsense"
    with pytest.raises(ImproperlyConfigured, match=r"^LOG_LEVEL must be one of DEBUG, INFO, not 'nonsense'\.$"):
        env.one_of("LOG_LEVEL", "DEBUG", "INFO", default="INFO")
