"""The audit of the audit, for the rules that the ledger alone can't judge: what is planted is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.verdict import judge, recovery, slow, vacuous
from tests.ledger import Ledger, Record
from tests.test_ledger import good_run

Log = list[dict[str, Any]]


@pytest.fixture
def written(tmp_path: Path) -> tuple[Ledger, Log, str]:
    """Two clients type at once at the beginning, so that the second is moved; read back from the files alone."""
    ledger, log, text = Ledger(tmp_path), [], ""
    for n in range(12):
        client, seq = "ab"[n % 2], n // 2 + 1
        tag, base = ledger.tag(client), n // 2 * 2
        ledger.invoke((client, seq), (tag,), base)
        log.append({"version": n + 1, "client_id": client, "seq": seq, "operation": [tag]})
        ledger.ok((client, seq), n + 1)
        text = tag + text
    return Ledger.read(tmp_path), log, text


def test_a_good_run_is_valid(written: tuple[Ledger, Log, str]) -> None:
    ledger, log, text = written
    verdict = judge(ledger, log, {"rest": text})
    assert (verdict.breaches, verdict.acknowledged, verdict.unknown) == ([], 12, 0)
    assert vacuous(verdict, least=12, unknown=0) == []


def test_an_operation_moved_wrongly_is_found(written: tuple[Ledger, Log, str]) -> None:
    """It stands right of what it should stand left of: applies, keeps every tag, and is wrong."""
    ledger, log, text = written
    first, second = log[0]["operation"][0], log[1]["operation"][0]
    log[1]["operation"] = [len(first), second]
    text = text.replace(second + first, first + second)
    assert judge(ledger, log, {"rest": text}).breaches == ["MANGLED version 2"]


def test_what_was_never_answered_is_found(written: tuple[Ledger, Log, str]) -> None:
    ledger, log, text = written
    ledger.invoke(("c", 1), ("[c.9]",), 12)
    assert judge(ledger, log, {"rest": text}).breaches == ["STUCK ('c', 1) was never answered"]


def test_a_run_that_shows_nothing_is_found(written: tuple[Ledger, Log, str]) -> None:
    ledger, log, text = written
    verdict = judge(ledger, log, {"rest": text})
    assert [breach.split(":")[0] for breach in vacuous(verdict, least=13, unknown=1, resent=1)] == ["VACUOUS"] * 3


def test_resent_and_recovered_are_counted(tmp_path: Path) -> None:
    """Its line was lost, it was sent again, and it is there."""
    ledger, log, texts = good_run()
    pair = ("a", 6)
    ledger.invoke(pair, (len(texts["rest"]), "[a.x]"), 10)
    ledger.lost("a")
    ledger.invoke(pair, (len(texts["rest"]), "[a.x]"), 10)
    ledger.ok(pair, 11)
    log.append({"version": 11, "client_id": "a", "seq": 6, "operation": [len(texts["rest"]), "[a.x]"]})
    verdict = judge(ledger, log, {"rest": texts["rest"] + "[a.x]"})
    assert (verdict.unknown, verdict.resent, verdict.recovered) == (1, 1, 1)
    assert ledger.breaches(log, {"rest": texts["rest"] + "[a.x]"}) == []


def test_what_is_said_again_on_a_live_line_was_not_unknown(written: tuple[Ledger, Log, str]) -> None:
    """No line was lost by it, so a fault that must cost lines has not happened."""
    ledger, log, text = written
    ledger.invoke(("b", 6), tuple(log[11]["operation"]), 10)
    verdict = judge(ledger, log, {"rest": text})
    assert (verdict.unknown, verdict.resent, verdict.recovered, verdict.breaches) == (0, 1, 1, [])
    assert vacuous(verdict, least=0, unknown=1) == ["VACUOUS: 0 were unknown, 1 are the least"]


@pytest.mark.parametrize(
    ("plant", "alike"),
    [
        (lambda told: told.pop(), 11),
        (lambda told: told.pop(0), 0),
        (lambda told: told.append(told[0] | {"version": 13}), 12),
        (lambda told: told[3].update(seq=9), 3),
        (lambda told: told[3].update(operation=["[a.other]"]), 3),
        (lambda told: told[3].update(client_id="c"), 3),
    ],
)
def test_a_log_that_is_told_otherwise_than_it_is_kept_is_found(
    written: tuple[Ledger, Log, str], plant: Callable[[Log], Any], alike: int
) -> None:
    ledger, log, text = written
    told = [dict(entry) for entry in log]
    assert judge(ledger, log, {"rest": text}, {"operations": told}).breaches == []
    plant(told)
    [breach] = judge(ledger, log, {"rest": text}, {"operations": told}).breaches
    assert breach.startswith(f"DIVERGED operations tells another log after version {alike}: ")


def test_what_settles_late_is_slow_and_what_never_does_is_not() -> None:
    """That is stuck."""
    took = {"recovered": 10.5, "settled": 60.0, "came": 9.9}
    assert slow(took, 10.0, 60.0) == ["SLOW: recovered after 10.5 s, 10 s are the most"]


def test_recovery_ends_with_the_last_answer_to_what_was_sent_in_trouble() -> None:
    """What was sent later, or is still open, says nothing about it."""
    ledger = Ledger()
    for seq, (sent, answered) in enumerate([(1.0, 2.0), (5.0, 9.0), (8.0, 60.0), (4.0, 0.0)], start=1):
        ledger.records["a", seq] = Record([(0, ("x",))], sent, answered_at=answered)
    assert [recovery([ledger], healed) for healed in (6.0, 7.0, 9.5)] == [3.0, 2.0, 50.5]
    assert recovery([], healed=6.0) == 0.0
