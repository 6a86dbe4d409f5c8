"""The audit of the audit, for the rules that the ledger alone can't judge: what is planted is found."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.verdict import judge, vacuous
from tests.ledger import Ledger
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
    assert [breach.split(":")[0] for breach in vacuous(verdict, least=13, unknown=1)] == ["VACUOUS", "VACUOUS"]


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
