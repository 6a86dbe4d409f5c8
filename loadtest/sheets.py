"""The documents of a run, and who sits at which."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from loadtest.ledger import Ledger, Report
from loadtest.world import Paper, World

Copy = TypeVar("Copy")  # a client's copy of a document, of one kind in each run


@dataclass
class Sheet(Generic[Copy]):
    """One document, its ledger, and those who have it open."""

    paper: Paper
    ledger: Ledger
    copies: list[Copy] = field(default_factory=list)


def sheets_of(world: World, report: Report) -> list[Sheet[Copy]]:
    return [Sheet(paper, Ledger(report)) for paper in world.papers]


def seat(sheets: Sequence[Sheet[Copy]], number: int) -> tuple[Sheet[Copy], str]:
    """Where the comer of this number sits, and as whom: round and round, so that all documents have as many."""
    sheet = sheets[number % len(sheets)]
    return sheet, sheet.paper.writers[number // len(sheets) % len(sheet.paper.writers)]
