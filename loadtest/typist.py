"""What somebody types: letter by letter at a caret, which goes elsewhere now and then; some letters go again. Pure."""

from random import Random

from collabdocs_client.ot import Operation, canonical

LETTERS = "etaoinshrdlu" * 3 + " " * 8 + "\n.,é漢👋"
LONG = 4_000  # code points, from which on more goes than comes
MOVES, ERASES = 0.04, 0.1  # of all keystrokes


class Typist:
    """`caret` is where the last letter ended, unless others have moved it since."""

    def __init__(self, rng: Random) -> None:
        self.caret = -1
        self._rng = rng

    def next_edit(self, text: str) -> Operation:
        """The next keystroke, on this text."""
        if self.caret < 0 or self._rng.random() < MOVES:
            self.caret = self._rng.randint(0, len(text))
        self.caret = min(self.caret, len(text))
        erased = 20 if len(text) > LONG else int(self._rng.random() < ERASES)
        if erased and self.caret:
            return self._erase(min(erased, self.caret))
        self.caret += 1
        return canonical((self.caret - 1, self._rng.choice(LETTERS)))

    def _erase(self, length: int) -> Operation:
        self.caret -= length
        return canonical((self.caret, -length))
