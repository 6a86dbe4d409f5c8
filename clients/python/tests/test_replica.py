"""What a copy does with each message, without a socket."""

import hashlib
from typing import Any

import pytest

from collabdocs_client import (
    Change,
    Diverged,
    DocumentTooLarge,
    Forbidden,
    InvalidOperation,
    LogChanged,
)
from collabdocs_client.ot.session import VersionsMissing
from collabdocs_client.replica import Replica

ME, OTHER = "me", "other"


def joined(version: int, content: str | None = None, *, head: int | None = None, **fields: Any) -> dict[str, Any]:
    message = {"type": "joined", "version": version, "head": version if head is None else head, "log": "L"}
    message |= {"role": "editor", "user": {"id": "u"}, "client_id": ME, "presence": [], "limits": {}}
    return message | ({} if content is None else {"content": content}) | fields


def entry(version: int, operation: list[Any], client: str = OTHER, seq: int = 1) -> dict[str, Any]:
    return {"version": version, "client_id": client, "seq": seq, "author": client, "operation": operation}


def operations(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"type": "operations", "operations": list(entries)}


def error(code: str, seq: int | None = 1) -> dict[str, Any]:
    return {"type": "error", "code": code, "detail": ""} | ({} if seq is None else {"seq": seq})


def submission(seq: int, base: int, *operation: Any) -> dict[str, Any]:
    return {"type": "submit", "seq": seq, "base_version": base, "operation": operation}


@pytest.fixture
def replica() -> Replica:
    replica = Replica(ME)
    assert replica.join() == {"type": "join", "client_id": ME}
    replica.receive(joined(3, "base"))
    return replica


def test_it_works(replica: Replica) -> None:
    replica.edit((4, "!"))
    assert replica.text == "base!"
    assert replica.next_submission() == submission(1, 3, 4, "!")
    assert replica.next_submission() is None
    assert not replica.is_saved
    assert replica.receive(operations(entry(4, [4, "!"], ME))) == []
    assert (replica.is_saved, replica.version, replica.text) == (True, 4, "base!")


def test_others_are_applied_and_told(replica: Replica) -> None:
    replica.edit((4, "!"))
    changes = replica.receive(operations(entry(4, ["> "])))
    assert changes == [Change(4, ("> ",), OTHER)]
    assert replica.text == "> base!"


def test_one_is_in_flight_and_the_rest_waits(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    replica.edit((5, "?"))
    assert replica.next_submission() is None
    replica.receive(operations(entry(4, [4, "!"], ME)))
    assert replica.next_submission() == submission(2, 4, 5, "?")


def test_nothing_is_sent_before_the_head_is_reached(replica: Replica) -> None:
    """And then the same as before, with the same base."""
    replica.edit((4, "!"))
    replica.next_submission()
    assert replica.join() == {"type": "join", "client_id": ME, "since": 3, "log": "L"}
    assert replica.next_submission() is None
    replica.receive(joined(4, head=5, operations=[entry(4, ["a"])]))
    assert replica.next_submission() is None
    replica.receive(operations(entry(5, ["b"], seq=2)))
    assert replica.next_submission() == submission(1, 3, 4, "!")
    assert replica.text == "babase!"


def test_what_arrived_before_the_cut_is_not_sent_again(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    replica.join()
    replica.receive(joined(4, operations=[entry(4, [4, "!"], ME)]))
    assert replica.next_submission() is None
    assert (replica.is_saved, replica.text) == (True, "base!")


def test_an_unanswered_one_is_said_again(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    assert replica.is_waiting
    replica.resend()
    assert replica.next_submission() == submission(1, 3, 4, "!")


def test_an_answer_twice_is_one(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    replica.receive(operations(entry(4, [4, "!"], ME)))
    replica.receive(operations(entry(4, [4, "!"], ME)))
    assert (replica.text, replica.version) == ("base!", 4)


def test_too_old_a_base_is_refreshed(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    replica.receive(operations(entry(4, ["a"])))
    replica.receive(error("version_too_old"))
    assert replica.next_submission() == submission(1, 4, 5, "!")


def test_a_fresh_base_is_waited_for(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    replica.receive(error("version_too_old"))
    assert replica.next_submission() is None
    replica.receive(operations(entry(4, ["a"])))
    assert replica.next_submission() == submission(1, 4, 5, "!")


def test_a_refused_edit_leaves_the_text_and_the_rest_stays(replica: Replica) -> None:
    replica.edit((2, "REFUSED", -1))
    replica.next_submission()
    replica.edit(("kept ",))
    replica.receive(operations(entry(4, ["> "])))
    assert replica.text == "kept > baREFUSEDe"
    (change,) = replica.receive(error("document_too_large"))
    assert change.refused and replica.text == "kept > base"
    assert [type(refusal) for refusal in replica.refusals] == [DocumentTooLarge]
    assert replica.next_submission() == submission(2, 4, "kept ")


def test_an_error_about_an_older_one_changes_nothing(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    assert replica.receive(error("seq_reused", seq=7)) == []
    assert replica.text == "base!"


def test_an_attempt_that_lands_after_its_refusal_is_applied(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    replica.receive(error("forbidden"))
    replica.receive(operations(entry(4, [4, "!"], ME)))
    assert (replica.text, replica.is_saved) == ("base!", True)


def test_another_history_ends_it(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.join()
    with pytest.raises(LogChanged):
        replica.receive(error("log_changed", seq=None))
    assert replica.text == "base!"


def test_an_error_about_no_submission_ends_it(replica: Replica) -> None:
    with pytest.raises(Forbidden):
        replica.receive(error("forbidden", seq=None))


@pytest.mark.parametrize("operation", [(5,), (-5,), (True,), ("\r",), ("\0",), ("\ud83d",), (1.5,)])
def test_no_operation_changes_nothing(replica: Replica, operation: Any) -> None:
    with pytest.raises(InvalidOperation):
        replica.edit(operation)
    assert replica.is_saved and replica.text == "base"


def test_checksums_are_compared(replica: Replica) -> None:
    replica.edit((4, "!"))  # what is not yet saved does not count
    good = {"type": "checksum", "version": 3, "sha256": hashlib.sha256(b"base").hexdigest()}
    replica.receive(good)
    replica.receive(good | {"version": 4, "sha256": "of a version not seen yet"})
    with pytest.raises(Diverged):
        replica.receive(good | {"sha256": hashlib.sha256(b"other").hexdigest()})


def test_another_answer_than_what_was_sent_is_noticed(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.next_submission()
    with pytest.raises(Diverged):
        replica.receive(operations(entry(4, [4, "?"], ME)))


def test_an_own_entry_after_a_gap_asks_for_what_is_missing(replica: Replica) -> None:
    """It is what was sent, moved over what has not come."""
    replica.edit((4, "!"))
    replica.next_submission()
    with pytest.raises(VersionsMissing):
        replica.receive(operations(entry(5, [5, "!"], ME)))
    assert (replica.is_saved, replica.version, replica.text) == (False, 3, "base!")
    assert replica.join() == {"type": "join", "client_id": ME, "since": 3, "log": "L"}
    replica.receive(joined(5, operations=[entry(4, ["x"]), entry(5, [5, "!"], ME)]))
    assert (replica.is_saved, replica.version, replica.text) == (True, 5, "xbase!")


def test_what_it_does_not_know_is_ignored(replica: Replica) -> None:
    for kind in ("presence", "comment", "pong", "something new"):
        assert replica.receive({"type": kind}) == []
    replica.receive({"type": "role", "role": "viewer"})
    replica.receive({"type": "document", "title": "T"})
    assert (replica.role, replica.title) == ("viewer", "T")


# --- Another history ---


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_text_it_comes_back_to_is_compared(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.join()
    replica.receive(joined(4, operations=[entry(4, ["x"])], sha256=sha256("xbase")))
    assert replica.text == "xbase!"
    assert replica.next_submission() == submission(1, 3, 4, "!")


@pytest.mark.parametrize("operation", [["x"], [100, "x"]], ids=["another text", "does not fit"])
def test_another_history_is_not_merged_and_the_text_stays_for_copying(replica: Replica, operation: list[Any]) -> None:
    replica.edit((4, "!"))
    replica.join()
    with pytest.raises(LogChanged):
        replica.receive(joined(4, operations=[entry(4, operation)], sha256=sha256("another text")))
    assert replica.text == "base!"
    assert replica.next_submission() is None


def test_a_history_that_ends_before_is_another_one(replica: Replica) -> None:
    replica.edit((4, "!"))
    replica.join()
    with pytest.raises(LogChanged) as ended:
        replica.receive(error("version_unknown", seq=None))
    assert ended.value.code == "version_unknown"
    assert (replica.text, replica.next_submission()) == ("base!", None)


def test_what_a_later_release_says_is_passed_over(replica: Replica) -> None:
    assert replica.receive({"type": "of a later release", "seq": 1}) == []
    replica.receive(operations(entry(4, [4, "!"]) | {"new": 1}) | {"new": 2})
    replica.receive(joined(4, operations=[], new=3))
    assert replica.text == "base!"
