"""Tables whose rows have keys of their own: a row is the same row in any database."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, Generic, TypeAlias, TypeVar

from django.apps import apps
from django.core.serializers.base import DeserializedObject
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Model, QuerySet
from django.db.models.fields import AutoFieldMixin

from documents.logtable import as_kept
from documents.models import BlameCheckpoint, LogIdentity, Revision

SOURCE, TARGET = "source", DEFAULT_DB_ALIAS
MANY = 500  # rows handled at once
MUCH = 4_000_000  # characters and bytes in them
FEW = 50  # rows fetched at once where each may be large

# Copies with times in them, which another database may keep less finely: they are made again from the log.
MADE_AGAIN: tuple[type[Model], ...] = (BlameCheckpoint, Revision)

M = TypeVar("M", bound=Model)
Row: TypeAlias = tuple[Any, ...]
Advance: TypeAlias = Callable[[int], object]  # told how many rows were done with


class Table(Generic[M]):
    """One table, in the source and in the target."""

    def __init__(self, model: type[M]) -> None:
        self.model, self.name = model, model._meta.label_lower
        self.columns = [field.attname for field in model._meta.concrete_fields]
        self._key = self.columns.index(model._meta.pk.attname)

    # --- Reading ---

    def all(self, using: str) -> QuerySet[M]:
        return self.model._base_manager.using(using)

    def rows(self, using: str, **which: object) -> Iterator[Row]:
        """By key, as finely as the target keeps them."""
        found = self.all(using).filter(**which).order_by("pk").values_list(*self.columns)
        for row in found.iterator(FEW):
            yield tuple(as_kept(value) if isinstance(value, datetime) else value for value in row)

    def pairs(self) -> Iterator[tuple[Any, Row | None, Row | None]]:
        """Each key with its row in the source and in the target, None where there is none; by key."""
        both = merge(self._keyed(SOURCE), self._keyed(TARGET), key=itemgetter(0))
        for key, same in groupby(both, key=itemgetter(0)):
            found = {using: row for _, using, row in same}
            yield key, found.get(SOURCE), found.get(TARGET)

    def _keyed(self, using: str) -> Iterator[tuple[Any, str, Row]]:
        return ((row[self._key], using, row) for row in self.rows(using))

    def differences(self, advance: Advance) -> Iterator[str]:
        """A line for each row that is not the same in both."""
        for key, ours, theirs in self.pairs():
            if ours != theirs:
                what = "differs" if ours and theirs else "is missing" if ours else "is not in the source"
                yield f"{self.name} {key}: {what}"
            advance(1)

    # --- Writing to the target ---

    def carry(self, advance: Advance) -> int:
        """Make the target's rows the source's; how many had to be written or deleted."""
        return self.drop_strays() + self.fill(advance)

    def drop_strays(self) -> int:
        """Delete what is not exactly so in the source: names, which must be unique, may have changed hands."""
        strays = [key for key, ours, theirs in self.pairs() if theirs and ours != theirs]
        for start in range(0, len(strays), MANY):
            self.all(TARGET).filter(pk__in=strays[start : start + MANY])._raw_delete(TARGET)
        return len(strays)

    def fill(self, advance: Advance) -> int:
        """Insert what is missing; it stands before the place where the target is being read."""
        count = 0
        for batch in batched(self._missing(advance)):
            self.insert(batch)
            count += len(batch)
        return count

    def _missing(self, advance: Advance) -> Iterator[Row]:
        for _, ours, theirs in self.pairs():
            if ours and not theirs:
                yield ours
            advance(1)

    def insert(self, rows: Sequence[Row]) -> None:
        """As they are: what models do to a row when it is saved was done when it was saved first."""
        with transaction.atomic():  # one sync to disk; on MongoDB some may land without the others
            for made in self.made(rows):
                DeserializedObject(made).save(using=TARGET, force_insert=True)

    def made(self, rows: Sequence[Row]) -> list[M]:
        return [self.model.from_db(TARGET, self.columns, row) for row in rows]


def carried() -> list[Table[Model]]:
    """Every table whose keys no database counts, so that none is forgotten when there is a new one; the log's too.

    `rights` carries what matters of the others; log identities say whose history it is, and go last.
    """
    others: tuple[type[Model], ...] = (*MADE_AGAIN, LogIdentity)
    return [
        Table(model)
        for model in apps.get_models()
        if not issubclass(model, others) and not isinstance(model._meta.pk, AutoFieldMixin)
    ]


def batched(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """In lists that are neither long nor heavy."""
    batch: list[Row] = []
    weight = 0
    for row in rows:
        batch.append(row)
        weight += sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if len(batch) == MANY or weight > MUCH:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch
