"""Who works on what: the open documents of an installation, few of them with many people. Seeded, so always the same.

Nobody has measured such a population here; every number in `Habits` is a guess to be replaced by one's own.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Habits:
    """What people do. How many have a document open goes by Zipf's law: k people as often as k ** -tail."""

    tail: float = 2.2
    most: int = 1000  # people in one document
    typing: float = 0.075  # of the open documents, in how many somebody types
    typists: float = 0.1  # of the people there, and at least one
    rate: float = 1.0  # operations a second of somebody who types
    stay: float = 600.0  # seconds that somebody has a document open
    requests: float = 6.0  # over HTTP for each of these: page, token, list, comments, history

    @cached_property
    def crowds(self) -> Sequence[int]:
        return range(1, self.most + 1)

    @cached_property
    def weights(self) -> list[float]:
        return [people**-self.tail for people in self.crowds]

    @cached_property
    def shares(self) -> list[tuple[int, float]]:
        """How many people, and in which share of the documents."""
        whole = sum(self.weights)
        return [(people, weight / whole) for people, weight in zip(self.crowds, self.weights, strict=True)]

    @property
    def people(self) -> float:
        """In one document, on average."""
        return sum(people * share for people, share in self.shares)

    def typing_among(self, people: int) -> int:
        """Where anybody types."""
        return max(1, round(self.typists * people))


@dataclass(frozen=True, slots=True)
class Document:
    number: int
    people: int
    typists: int

    @property
    def key(self) -> str:
        """What a proxy hashes."""
        return f"document {self.number}"


HOT = (1000, 100)  # readers, of them typing


def crowd(documents: int, seed: int, habits: Habits | None = None) -> list[Document]:
    """So many open documents, the first of them hot."""
    habits, chance = habits or Habits(), random.Random(seed)
    sizes = chance.choices(habits.crowds, habits.weights, k=documents - 1)
    return [
        Document(0, *HOT),
        *(
            Document(number, people, habits.typing_among(people) if chance.random() < habits.typing else 0)
            for number, people in enumerate(sizes, start=1)
        ),
    ]
