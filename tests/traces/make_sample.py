"""Writes sample.json.gz: a few hundred edits made up here, with what breaks those who count UTF-16 units or bytes.

python tests/traces/make_sample.py; the same sample each time.
"""

import gzip
import json
from pathlib import Path
from random import Random

PIECES = [
    "a",
    "e",
    " ",
    "the ",
    "\n",
    "é",
    "e\u0301",
    "ß",
    "字",
    "\u202eab",
    "😀",
    "👩\u200d🚀",
    "🇳🇱",
    "𝔘",
    "👋🏽",
    "\ufeff",
    "\t",
    "\u2028",
]
EDITS = 400


def make() -> dict:
    rng, text, cursor, txns = Random("a sample of CollabDocs"), "", 0, []
    for _ in range(EDITS):
        kind = rng.random()
        if kind < 0.1:
            cursor = rng.randrange(len(text) + 1)
        deleted = min(cursor, rng.choice((1, 1, 1, 5))) if kind > 0.8 else 0
        inserted = "" if deleted and rng.random() < 0.8 else rng.choice(PIECES)
        position = cursor - deleted
        text = text[:position] + inserted + text[cursor:]
        cursor = position + len(inserted)
        txns.append({"patches": [[position, deleted, inserted]]})
    return {"kind": "sequential", "startContent": "", "endContent": text, "txns": txns}


if __name__ == "__main__":
    data = json.dumps(make(), ensure_ascii=False, separators=(",", ":")).encode()
    Path(__file__).with_name("sample.json.gz").write_bytes(gzip.compress(data, mtime=0))
