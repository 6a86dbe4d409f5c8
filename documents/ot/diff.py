"""The operation that makes one whole text of another, for writes that bring a text and not an edit.

The operation is merged with what others type meanwhile, so it should say what a person would say has
changed: whole lines and words, no letters that two words share by chance. And it must come soon, for any
two texts.

What changed is first taken for one big change. Then it is divided, pass by pass, wherever old and new
agree:

    blocks of 256, rare lines, lines, rare words, words, blocks of 16

A pass cuts both sides of a change into tokens and keeps the longest chain of tokens that stand on both
sides in one order (Hunt and Szymanski, as in Unix diff). What lies between goes to the next pass, without
the start and the end that both sides share. Frequent tokens ("the", a blank line) pair with each other a
million times and say little, so the rarest come first, and only as many pairs take part as there are tokens
(patience diff, taken a bit further); in the second round, where the stretches are smaller, some more.
Blocks are runs of code points found again wherever they stand, as rsync does it: large ones spare the other
passes most of the work, small ones serve texts without lines and words, such as base64.

So each pass is O(n log n) whatever the texts, and there are six. The limits are counts, never a clock's, so
two servers make the same operation. That is why this is no library: rapidfuzz and difflib are quadratic or
worse by design (not measured here), and fast-diff-match-patch is bounded only by a clock (rewriting 20,000 code
points took it 1.5 s without one). Here a million code points took under 10 ms when little changed and 2.8 s in
the worst case found. Large texts of nothing but repetition get a correct but coarse answer.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from .operation import Component, Operation, canonical

Pair: TypeAlias = tuple[int, int]  # positions in old and new, counted from where the change starts
Match: TypeAlias = tuple[int, int, int]  # such a pair and the length of what is equal there
Matcher: TypeAlias = Callable[[str, str, int], Iterable[Match]]  # finds them, given pairs to spare


class Change(NamedTuple):
    """old[start:end] became new[new_start:new_end]."""

    start: int
    end: int
    new_start: int
    new_end: int

    @property
    def size(self) -> int:
        return max(self.end - self.start, self.new_end - self.new_start)

    @property
    def is_replacement(self) -> bool:
        return self.start < self.end and self.new_start < self.new_end


def diff(old: str, new: str) -> Operation:
    """apply(old, diff(old, new)) == new."""
    changes = list(_trimmed(old, new, Change(0, len(old), 0, len(new))))
    for matches, spare in _PASSES:
        share = spare // (len(changes) or 1)
        changes = [finer for change in changes for finer in _divided(old, new, change, matches, share)]
    return _operation(new, _settled(old, new, _without_coincidences(changes)))


def _operation(new: str, changes: Iterable[Change]) -> Operation:
    components: list[Component] = []
    place = 0
    for change in changes:
        inserted = new[change.new_start : change.new_end]
        components += (change.start - place, inserted, change.start - change.end)
        place = change.end
    return canonical(components)


# -- dividing a change ------------------------------------------------------------------------------------


def _divided(old: str, new: str, change: Change, matches: Matcher, share: int) -> Iterator[Change]:
    """What is left of a change when the matches within it are kept."""
    if not change.is_replacement:
        yield change
        return
    start, end, new_start, new_end = change
    for i, j, length in matches(old[start:end], new[new_start:new_end], share):
        at, new_at = change.start + i, change.new_start + j
        yield from _trimmed(old, new, Change(start, at, new_start, new_at))
        start, new_start = at + length, new_at + length
    yield from _trimmed(old, new, Change(start, end, new_start, new_end))


def _trimmed(old: str, new: str, change: Change) -> Iterator[Change]:
    """The change without the start and the end that both sides share; none if nothing is left."""
    start, end, new_start, new_end = change
    if start < end and new_start < new_end:
        a, b = old[start:end], new[new_start:new_end]
        head = _common(a, b, lambda text, i, j: text[i:j])
        start, new_start = start + head, new_start + head
        a, b = a[head:], b[head:]
        tail = _common(a, b, lambda text, i, j: text[len(text) - j : len(text) - i])
        end, new_end = end - tail, new_end - tail
    if start < end or new_start < new_end:
        yield Change(start, end, new_start, new_end)


def _common(a: str, b: str, stretch: Callable[[str, int, int], str]) -> int:
    """How much two texts share, seen from where `stretch` counts; halving what is in doubt, so linear."""
    sure, open_end = 0, min(len(a), len(b))
    while sure < open_end:
        middle = (sure + open_end + 1) // 2
        if stretch(a, sure, middle) == stretch(b, sure, middle):
            sure = middle
        else:
            open_end = middle - 1
    return sure


# -- what is equal ----------------------------------------------------------------------------------------

# A word is a run of letters and digits. Scripts without spaces between words (Thai and its neighbours,
# Burmese, Khmer, Chinese, Japanese, all beyond U+FFFF) go code point by code point.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\uffff\U00010000-\U0010ffff"
_WORD = re.compile(rf"[^\W{_UNSPACED}]+|.", re.DOTALL)


def _equal_lines(old: str, new: str, spare: int) -> Iterator[Match]:
    return _equal_tokens(old.splitlines(keepends=True), new.splitlines(keepends=True), spare)


def _equal_words(old: str, new: str, spare: int) -> Iterator[Match]:
    return _equal_tokens(_WORD.findall(old), _WORD.findall(new), spare)


def _equal_tokens(old: list[str], new: list[str], spare: int) -> Iterator[Match]:
    old_starts = list(accumulate(map(len, old), initial=0))
    new_starts = list(accumulate(map(len, new), initial=0))
    places = _places(new, _rare_tokens(old, new, spare))
    pairs = ((i, j) for i, token in enumerate(old) if token in places for j in reversed(places[token]))
    for i, j in _longest_chain(pairs):
        yield old_starts[i], new_starts[j], len(old[i])


def _rare_tokens(old: list[str], new: list[str], spare: int) -> set[str]:
    """The rarest common tokens: they make no more pairs than there are tokens and pairs to spare."""
    counts, new_counts = Counter(old), Counter(new)
    pairs = {token: count * new_counts[token] for token, count in counts.items() if token in new_counts}
    rarest_first = sorted(pairs, key=pairs.__getitem__)
    so_far = accumulate(pairs[token] for token in rarest_first)
    room = len(old) + len(new) + spare
    return {token for token, used in zip(rarest_first, so_far, strict=True) if used <= room}


def _places(tokens: list[str], wanted: Container[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, token in enumerate(tokens):
        if token in wanted:
            places.setdefault(token, []).append(place)
    return places


def _equal_blocks(old: str, new: str, _spare: int, *, size: int) -> Iterator[Match]:
    """Every `size`th stretch of that size which is the only one of its kind, wherever it stands in new."""
    cut = [old[i : i + size] for i in range(0, len(old) - size + 1, size)]
    counts = Counter(cut)
    blocks = {block: n * size for n, block in enumerate(cut) if counts[block] == 1}
    for i, j in _longest_chain(_found(blocks, new, size)):
        yield i, j, size


def _found(blocks: dict[str, int], text: str, size: int) -> list[Pair]:
    """Where the blocks stand in the text, none overlapping; i rising and, for one i, j falling."""
    found: list[Pair] = []
    j = 0
    while blocks and j <= len(text) - size:
        i = blocks.get(text[j : j + size])
        if i is not None:
            found.append((i, -j))
        j += 1 if i is None else size
    return [(i, -j) for i, j in sorted(found)]


Node: TypeAlias = tuple[int, int, "Node | None"]


def _longest_chain(pairs: Iterable[Pair]) -> list[Pair]:
    """The longest run of pairs that rises on both sides; they come i rising and, for one i, j falling."""
    ends: list[int] = []  # ends[n]: the smallest j in which a chain of n + 1 pairs can end
    nodes: list[Node] = []  # that chain, from its last pair back
    for i, j in pairs:
        n = bisect_left(ends, j)
        node: Node = (i, j, nodes[n - 1] if n else None)
        if n == len(ends):
            ends.append(j)
            nodes.append(node)
        else:
            ends[n], nodes[n] = j, node
    chain: list[Pair] = []
    last = nodes[-1] if nodes else None
    while last is not None:
        i, j, last = last
        chain.append((i, j))
    return chain[::-1]


_SPARE = 250_000  # pairs that the second round shares out among its changes
_PASSES: tuple[tuple[Matcher, int], ...] = (
    (partial(_equal_blocks, size=256), 0),
    (_equal_lines, 0),
    (_equal_lines, _SPARE),
    (_equal_words, 0),
    (_equal_words, _SPARE),
    (partial(_equal_blocks, size=16), 0),
)


# -- what a person would say ------------------------------------------------------------------------------

_CHANCE = 32  # what is kept between two larger changes and is shorter than this, is kept by chance
_SLIDE = 100  # how far a change is moved to start with a line or a word


def _without_coincidences(changes: Iterable[Change]) -> list[Change]:
    """Joins changes with nothing but a chance likeness between them, as the space in "a b" becoming "x y"."""
    joined: list[Change] = []
    for change in changes:
        while joined:
            last = joined[-1]
            kept = change.start - last.end
            if kept >= _CHANCE or kept > min(last.size, change.size):
                break
            change = Change(last.start, change.end, last.new_start, change.new_end)
            joined.pop()
        joined.append(change)
    return joined


def _settled(old: str, new: str, changes: list[Change]) -> Iterator[Change]:
    """Slides what was only inserted or only deleted to where a line or a word starts, if it can be told so.

    After "foo\\nba" came "r\\nba", or after "foo\\n" came "bar\\n"?  Both give the same text.
    """
    floor = 0
    for change in changes:
        if not change.is_replacement:
            text, start, end = (
                (new, change.new_start, change.new_end)
                if change.start == change.end
                else (old, change.start, change.end)
            )
            shift = _best_shift(text, start, end, min(_SLIDE, change.start - floor))
            change = Change(*(place - shift for place in change))
        floor = change.end
        yield change


def _best_shift(text: str, start: int, end: int, room: int) -> int:
    """How far text[start:end] should move left, where every step gives the same text."""
    best, best_score = 0, _score(text, start, end)
    for shift in range(1, room + 1):
        if text[start - shift] != text[end - shift]:
            break
        score = _score(text, start - shift, end - shift)
        if score > best_score:
            best, best_score = shift, score
    return best


def _score(text: str, start: int, end: int) -> int:
    """2 for whole lines, 1 for whole words, else 0."""
    if start == 0 or text[start - 1] == "\n":
        return 2
    return int(_is_word_edge(text, start) and _is_word_edge(text, end))


def _is_word_edge(text: str, place: int) -> bool:
    return place == len(text) or not (text[place - 1].isalnum() and text[place].isalnum())
