"""Large edits in pieces that compose to the whole."""

from random import Random

import pytest

from collabdocs_client.ot import apply, canonical, compose, inserted_length
from collabdocs_client.splitting import Limits, SplittingSession, split

SMALL = Limits(inserted=5, components=4, frame=600)
PIECES = ["a", "é", "\U0001f600", "\x01", '"', "a longer piece", ""]


@pytest.mark.parametrize("seed", range(200))
def test_the_pieces_compose_to_the_whole(seed: int) -> None:
    rng = Random(seed)
    text = "".join(rng.choices(PIECES, k=rng.randrange(20)))
    parts: list[int | str] = []
    left = len(text)
    while left > 0 and rng.random() < 0.9:
        reach, drop = rng.randrange(left + 1), rng.randrange(3)
        parts += [reach, rng.choice(PIECES), -min(drop, left - reach)]
        left -= reach + min(drop, left - reach)
    operation = rest = canonical([*parts, rng.choice(PIECES)])
    heads = []
    while rest:
        head, rest = split(rest, SMALL)
        assert head and len(head) <= SMALL.components and inserted_length(head) <= SMALL.inserted
        heads.append(head)
    whole: tuple[int | str, ...] = ()
    for head in heads:
        whole = compose(whole, head)
    assert apply(text, whole) == apply(text, operation)


def test_what_fits_is_not_split() -> None:
    operation = (3, "x" * 250_000, -4, 5, -1)
    assert split(operation, Limits()) == (operation, ())


def test_a_frame_holds_what_json_makes_of_it() -> None:
    head, rest = split(("\x01" * 250_000,), Limits())
    assert 6 * len(str(head[0])) < (1 << 20)
    assert len(str(head[0])) > 170_000
    assert inserted_length(head) + inserted_length(rest) == 250_000


def test_a_session_sends_piece_by_piece() -> None:
    session = SplittingSession(0, SMALL)
    sent = session.edit(("0123456789ab",))
    assert sent is not None and sent.operation == ("01234",)
    session.receive(1, ("01234",), own=True)
    assert session.in_flight is not None and session.in_flight.operation == (5, "56789")
    session.receive(2, (5, "56789"), own=True)
    session.receive(3, (10, "ab"), own=True)
    assert (session.in_flight, session.pending) == (None, ())
