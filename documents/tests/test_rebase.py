"""The rules by which a log takes a submission, knows it again, or refuses it: values only, no database."""

from uuid import UUID

import pytest

from documents.ot import rebase
from documents.ot.rebase import Limits
from documents.tests.writers import Writer, entry

LIMITS = Limits(text=100, inserted=10, components=5, base_age=50)
ALICE, BOB = UUID(int=1), UUID(int=2)


@pytest.fixture
def tab() -> Writer:
    return Writer(ALICE)


@pytest.fixture
def other() -> Writer:
    return Writer(BOB)


def test_it_works(tab, other):
    """Past each of what was committed meanwhile; committed later, it stands left in a tie."""
    meanwhile = [entry(other, 4, 3, "X"), entry(other, 5, "Y", seq=2)]
    assert rebase.rebase((3, "a"), meanwhile) == (4, "a")


def test_one_at_a_time_not_over_a_composed_run(other):
    """(-1) then ("y") composed is ("y", -1), which would push the insert right."""
    run = [entry(other, 1, -1), entry(other, 2, "y", seq=2)]
    assert rebase.rebase((1, "x"), run) == ("x",)


def test_what_became_nothing_is_nothing(other):
    assert rebase.rebase((1, -2), [entry(other, 1, -5)]) == ()


# --- The order ---


@pytest.mark.parametrize("base", [0, 7, 10])
def test_a_base_up_to_the_head_may_come(tab, base):
    rebase.check_order(tab.writes("a", base=base), None, 10, LIMITS)


def test_a_base_at_the_own_last_version_may_come(tab):
    rebase.check_order(tab.writes("a", base=7), entry(tab, 7, "x"), 10, LIMITS)


def test_a_gap_in_seq_is_fine(tab):
    rebase.check_order(tab.writes("a", base=7, seq=99), entry(tab, 7, "x"), 10, LIMITS)


@pytest.mark.parametrize("base", [11, 12, 2**53 - 1])
def test_a_base_in_the_future_is_refused(tab, base):
    with pytest.raises(rebase.VersionUnknown) as refused:
        rebase.check_order(tab.writes("a", base=base), None, 10, LIMITS)
    assert refused.value.code == "version_unknown"


def test_a_base_below_the_own_last_version_is_refused(tab):
    with pytest.raises(rebase.OutOfOrder) as refused:
        rebase.check_order(tab.writes("a", base=6, seq=2), entry(tab, 7, "x"), 10, LIMITS)
    assert refused.value.code == "out_of_order"


def test_an_age_at_the_limit_may_come_and_one_above_is_too_old(tab):
    rebase.check_order(tab.writes("a", base=10), None, 60, LIMITS)
    with pytest.raises(rebase.VersionTooOld) as refused:
        rebase.check_order(tab.writes("a", base=10), None, 61, LIMITS)
    assert refused.value.code == "version_too_old"


def test_out_of_order_is_told_before_too_old(tab):
    """version_too_old asks for a resend, and this one must never come again."""
    with pytest.raises(rebase.OutOfOrder):
        rebase.check_order(tab.writes("a", base=6, seq=2), entry(tab, 7, "x"), 1000, LIMITS)


def test_strict_takes_no_base_but_the_head(tab):
    rebase.check_order(tab.writes("a", base=10, strict=True), None, 10, LIMITS)
    with pytest.raises(rebase.VersionTooOld):
        rebase.check_order(tab.writes("a", base=9, strict=True), None, 10, LIMITS)


# --- The size ---


def test_sizes_at_the_limit_may_come(tab):
    rebase.check_size(tab.writes("x" * 10, base=0), LIMITS)
    rebase.check_size(tab.writes(1, "a", 1, "b", -1, base=0), LIMITS)


@pytest.mark.parametrize("operation", [("x" * 11,), ("12345", 1, "67890", 1, "1"), (1, "a", 1, "b", 1, "c")])
def test_a_large_operation_is_refused(tab, operation):
    with pytest.raises(rebase.OperationTooLarge) as refused:
        rebase.check_size(tab.writes(*operation, base=0), LIMITS)
    assert refused.value.code == "operation_too_large"


def test_lengths_count_code_points(tab):
    rebase.check_size(tab.writes("😀" * 10, base=0), LIMITS)
    with pytest.raises(rebase.OperationTooLarge):
        rebase.check_size(tab.writes("😀" * 11, base=0), LIMITS)


def test_a_whole_text_has_only_the_texts_limit(tab):
    rebase.check_size(tab.writes("x" * 99, base=0, whole_text=True), LIMITS)
    rebase.check_size(tab.writes(*(1, "a") * 50, base=0, whole_text=True), LIMITS)


def test_growth_ends_at_the_texts_limit():
    assert rebase.check_growth(("x" * 10,), 90, LIMITS) == 100
    with pytest.raises(rebase.DocumentTooLarge) as refused:
        rebase.check_growth(("x" * 11,), 90, LIMITS)
    assert refused.value.code == "document_too_large"


@pytest.mark.parametrize("operation", [(), (-1,), ("y", -1), ("y", -2)])
def test_a_text_beyond_the_limit_may_shrink_and_be_mended(operation):
    """The limit may have been lowered since."""
    rebase.check_growth(operation, 500, LIMITS)


# --- The fit ---


def test_a_trailing_retain_goes(tab):
    assert rebase.fit(tab.writes(1, "a", 2, base=0), 3) == (1, "a")


@pytest.mark.parametrize("operation", [(4,), (1, "a", 3), (-4,), (3, -1)])
def test_what_does_not_fit_its_base_is_refused(tab, operation):
    with pytest.raises(rebase.RefusedOperation) as refused:
        rebase.fit(tab.writes(*operation, base=0), 3)
    assert refused.value.code == "invalid_operation"


# --- The same again ---


def test_the_same_is_known_again(tab, other):
    meanwhile = [entry(other, 4, "X")]
    committed = entry(tab, 5, 4, "a")
    assert rebase.is_resend(tab.writes(3, "a", base=3, seq=1), (3, "a"), committed, meanwhile)


def test_the_same_on_a_fresher_base_is_known_again(tab):
    committed = entry(tab, 5, 4, "a")
    assert rebase.is_resend(tab.writes(4, "a", base=4, seq=1), (4, "a"), committed, [])


@pytest.mark.parametrize("operation", [(3, "b"), (2, "a"), (3, "a", -1), ()])
def test_something_else_is_not_the_same(tab, other, operation):
    committed = entry(tab, 5, 4, "a")
    submission = tab.writes(*operation, base=3, seq=1)
    assert not rebase.is_resend(submission, operation, committed, [entry(other, 4, "X")])


@pytest.mark.parametrize("base", [5, 6])
def test_a_base_at_or_above_what_it_got_is_not_the_same(tab, base):
    committed = entry(tab, 5, 4, "a")
    assert not rebase.is_resend(tab.writes(4, "a", base=base, seq=1), (4, "a"), committed, [])


def test_a_base_below_an_own_entry_is_not_the_same(tab):
    """Moved over its own predecessor it might look the same by chance."""
    own = entry(tab, 4, 9, "z", seq=1)
    committed = entry(tab, 5, 4, "a", seq=2)
    assert not rebase.is_resend(tab.writes(4, "a", base=3, seq=2), (4, "a"), committed, [own])


def test_every_refusal_has_its_own_code():
    kinds = rebase.Refused.__subclasses__()
    codes = {kind.code for kind in kinds}
    assert len(codes) == len(kinds) == 8
    refusal = rebase.SeqReused("seq 3 was used")
    assert (refusal.code, refusal.detail, str(refusal)) == ("seq_reused", "seq 3 was used", "seq 3 was used")
