"""What an anchor must do, told without positions: each letter of the text is a thing of its own."""

from documents.ot import Operation, canonical


class Letter:
    """One code point that was inserted once; `is_in`: the anchor stands on it."""

    def __init__(self, character: str, *, is_in: bool = False) -> None:
        self.character, self.is_in = character, is_in


class Tagged:
    """A text of letters, some of which are anchored; where none is left, the anchor stands before `next` (None: the
    end of the text)."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.letters = [Letter(c, is_in=start <= at < end) for at, c in enumerate(text)]
        self.quote = text[start:end]
        self.next = self._at(end)

    @property
    def text(self) -> str:
        return "".join(letter.character for letter in self.letters)

    def edit(self, operation: Operation) -> None:
        """Letter by letter: insert before delete, as the canonical form has it."""
        place, inserted = 0, ""
        for component in canonical(operation):
            if isinstance(component, str):
                inserted = component
                place += self._insert(place, component)
            elif component < 0:
                self._delete(place, -component)
            else:
                place, inserted = place + component, ""
            if inserted and not self._anchored() and self._place() == place:
                self._bring_back(place, inserted)

    def stretch(self) -> tuple[int, int]:
        """(start, end) of the anchor."""
        anchored = self._anchored()
        return (anchored[0], anchored[-1] + 1) if anchored else (self._place(), self._place())

    def _insert(self, place: int, text: str) -> int:
        """Inside if anchored letters stand on both sides."""
        anchored = self._anchored()
        is_in = bool(anchored) and anchored[0] < place <= anchored[-1]
        self.letters[place:place] = [Letter(c, is_in=is_in) for c in text]
        return len(text)

    def _delete(self, place: int, count: int) -> None:
        gone = self.letters[place : place + count]
        last = max((n for n, letter in enumerate(gone) if letter.is_in), default=None)
        was_last = last is not None and not any(letter.is_in for letter in self.letters[place + count :])
        del self.letters[place : place + count]
        if (was_last and not self._anchored()) or self.next in gone:
            self.next = self._at(place)

    def _bring_back(self, place: int, inserted: str) -> None:
        at = inserted.find(self.quote)
        if self.quote and at >= 0:
            start = place - len(inserted) + at
            for letter in self.letters[start : start + len(self.quote)]:
                letter.is_in = True

    def _anchored(self) -> list[int]:
        return [at for at, letter in enumerate(self.letters) if letter.is_in]

    def _at(self, place: int) -> Letter | None:
        return self.letters[place] if place < len(self.letters) else None

    def _place(self) -> int:
        return len(self.letters) if self.next is None else self.letters.index(self.next)
