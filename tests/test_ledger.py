"""The audit of the audit: the ledger finds each kind of breach that is planted in a good run."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.ledger import Ledger

Log = list[dict[str, Any]]


def good_run() -> tuple[Ledger, Log, dict[str, str]]:
    """Two clients append in turn, ten times."""
    ledger, log, text = Ledger(), [], ""
    for n in range(10):
        client, seq = "ab"[n % 2], n // 2 + 1
        operation = (len(text), ledger.tag(client)) if text else (ledger.tag(client),)
        text += operation[-1]
        ledger.invoke((client, seq), operation)
        log.append({"version": n + 1, "client_id": client, "seq": seq, "operation": list(operation)})
        ledger.ok((client, seq), n + 1)
    return ledger, log, {"rest": text, "a": text}


def swap(log: Log) -> None:
    log[3]["version"], log[5]["version"] = log[5]["version"], log[3]["version"]
    log[3], log[5] = log[5], log[3]


def other_text(log: Log) -> None:
    log[9]["operation"] = [log[9]["operation"][0], "[b.000000]"]


def does_not_apply(log: Log) -> None:
    log[9]["operation"][0] += 1


def deletes(log: Log) -> None:
    log[9]["operation"].append(-1)
    log[9]["operation"][0] -= 1


def again(log: Log) -> None:
    log.append(log[4] | {"version": 11})


def another_version(log: Log) -> None:
    log[9]["version"] = 11


def nobody_sent_it(log: Log) -> None:
    log[9] |= {"client_id": "c"}


BREACHES: list[tuple[str, Callable[[Log], Any]]] = [
    ("LOST-ACK", lambda log: log.pop()),
    ("HOLE", lambda log: log.pop(4)),
    ("HOLE", another_version),
    ("DUPLICATE", again),
    ("REORDER", swap),
    ("REORDER", again),
    ("GHOST", nobody_sent_it),
    ("GHOST", other_text),
    ("DIVERGED", does_not_apply),
    ("DIVERGED", deletes),
]


def test_a_good_run_has_no_breach() -> None:
    ledger, log, texts = good_run()
    assert ledger.breaches(log, texts) == []


@pytest.mark.parametrize(("name", "plant"), BREACHES)
def test_a_planted_breach_is_found(name: str, plant: Callable[[Log], Any]) -> None:
    ledger, log, texts = good_run()
    plant(log)
    assert any(breach.startswith(name) for breach in ledger.breaches(log, texts))


def test_a_refused_one_in_the_log_is_found() -> None:
    ledger, log, texts = good_run()
    ledger.records["a", 5].failed = True
    assert ledger.breaches(log, texts) == ["GHOST version 9"]


def test_a_stale_commit_is_found() -> None:
    ledger, log, texts = good_run()
    ledger.records["b", 5].answered_at = ledger.records["a", 1].invoked_at - 1
    assert any(breach.startswith("STALE-COMMIT") for breach in ledger.breaches(log, texts))


def test_another_text_somewhere_is_found() -> None:
    ledger, log, texts = good_run()
    assert ledger.breaches(log, texts | {"b": "x"}) == ["DIVERGED b reads another text"]
