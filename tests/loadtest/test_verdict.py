"""The verdict finds nothing in an honest run, and something wherever log, answers and texts do not fit."""

from typing import Any

from collabdocs_client.ot import apply
from hypothesis import given
from hypothesis import strategies as st

from loadtest.ledger import ACKNOWLEDGED, SEEN, Ledger
from loadtest.typist import Typist
from loadtest.verdict import breaches

CLIENTS = ("ann", "ben", "cid")
Log = list[dict[str, Any]]


def honest_run(authors: list[str], dice: Any) -> tuple[Ledger, Log, str, list[str]]:
    """Everybody types in turn; each entry reaches everybody. What was reported is in the last list."""
    reported: list[str] = []
    ledger = Ledger(lambda name, _: reported.append(name))
    taps = {client: ledger.tap_of(client) for client in CLIENTS}
    log: Log = []
    text = ""
    for author in authors:
        operation = Typist(dice).next_edit(text)
        seq = 1 + sum(entry["client_id"] == author for entry in log)
        taps[author]("out", {"type": "submit", "seq": seq, "operation": operation})
        entry = {"version": len(log) + 1, "client_id": author, "seq": seq, "operation": list(operation)}
        log.append(entry)
        for tap in taps.values():
            tap("in", {"type": "operations", "operations": [entry]})
        text = apply(text, operation)
    return ledger, log, text, reported


runs = st.builds(honest_run, st.lists(st.sampled_from(CLIENTS), min_size=2), st.randoms(use_true_random=False))


@given(runs)
def test_an_honest_run_is_good(run):
    ledger, log, text, reported = run
    assert breaches(ledger, log, dict.fromkeys(CLIENTS, text)) == []
    assert reported.count(ACKNOWLEDGED) == len(log)
    assert reported.count(SEEN) == len(log) * (len(CLIENTS) - 1)


@given(runs, st.data())
def test_an_entry_that_is_gone_is_lost(run, data):
    ledger, log, _text, _ = run
    gone = data.draw(st.integers(0, len(log) - 1))
    kept = [entry | {"version": place} for place, entry in enumerate(log[:gone] + log[gone + 1 :], start=1)]
    assert any(breach.startswith("LOST") for breach in breaches(ledger, kept, {}))
    assert any(breach.startswith("COUNT") for breach in breaches(ledger, kept, {}))


@given(runs, st.data())
def test_an_entry_that_is_there_twice_is_doubled(run, data):
    ledger, log, _text, _ = run
    again = data.draw(st.sampled_from(log))
    found = breaches(ledger, [*log, again | {"version": len(log) + 1}], {})
    assert any(breach.startswith("DOUBLED") for breach in found)


@given(runs, st.sampled_from(CLIENTS))
def test_a_client_that_reads_something_else_has_diverged(run, name):
    ledger, log, text, _ = run
    assert any(name in breach for breach in breaches(ledger, log, {name: f"{text}!"}))


@given(runs)
def test_what_nobody_sent_is_a_ghost(run):
    ledger, log, _text, _ = run
    ghost = {"version": len(log) + 1, "client_id": "dan", "seq": 1, "operation": ["boo"]}
    assert breaches(ledger, [*log, ghost], {}) == [f"GHOST: nobody sent version {len(log) + 1}"]
    ledger.writes["boo"] = True
    assert breaches(ledger, [*log, ghost], {}) == []


@given(runs, st.booleans())
def test_a_write_that_was_answered_is_there_once(run, is_answered):
    ledger, log, _text, _ = run
    ledger.writes["mark"] = is_answered
    assert len(breaches(ledger, log, {})) == is_answered


@given(runs)
def test_what_was_never_answered_or_refused_is_told(run):
    ledger, log, _text, _ = run
    tap = ledger.tap_of("ann")
    tap("out", {"type": "submit", "seq": 1_000, "operation": ["x"]})
    assert breaches(ledger, log, {}) == ["UNANSWERED: ('ann', 1000)"]
    tap("in", {"type": "error", "code": "forbidden", "seq": 1_000})
    assert breaches(ledger, log, {}) == ["REFUSED: ('ann', 1000) (forbidden)"]
