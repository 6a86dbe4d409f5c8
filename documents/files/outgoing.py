"""Documents going out: a name that every system takes, one document as a file, many as a zip.

A zip holds the texts, `manifest.json`, which keeps what a file's name can't (the exact title, the document's id and
version), and `ERRORS.txt` where a text could not be read: never an empty file in its place.
"""

import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from io import RawIOBase
from typing import Any, TypeAlias
from uuid import UUID

import orjson

MEDIA_TYPES = {"md": "text/markdown", "txt": "text/plain", "html": "text/html"}
MANIFEST, ERRORS = "manifest.json", "ERRORS.txt"
LONGEST_NAME = 200  # bytes of UTF-8, without extension and number; file systems take 255
UNSAFE = re.compile(r'[/\\:*?"<>|\0-\x1f\x7f-\x9f]')
UNSEEN = re.compile(
    "[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)  # bidi marks and the like
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)
BOM = "\ufeff"

PAGE = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ max-width: 45rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif; }}
pre {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid; padding: 0.25rem 0.5rem; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


# --- One document ---------------------------------------------------------------------------------------------


def file_name(title: str, extension: str) -> str:
    """A name for a file that every system takes, as near to the title as it can be."""
    return f"{_stem(title)}.{extension}"


def text_bytes(text: str) -> bytes:
    """UTF-8. A text that begins with U+FEFF gets another one before it, since readers take the first away."""
    return (BOM + text if text.startswith(BOM) else text).encode()


def page_bytes(title: str, html: str) -> bytes:
    """A page that stands alone, runs nothing and loads nothing; `html` is clean."""
    return PAGE.format(title=escape(title or "Untitled"), body=html).encode()


def _stem(title: str) -> str:
    stem = UNSAFE.sub("_", UNSEEN.sub("", title)).strip().lstrip(".")
    stem = stem.encode()[:LONGEST_NAME].decode(errors="ignore").strip(". ")
    return f"_{stem}" if RESERVED.fullmatch(stem) else stem or "Untitled"


class Names:
    """Names for files of one folder: no two are the same, also where case and composition do not count."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: Counter[str] = Counter()

    def name(self, title: str, extension: str) -> str:
        """The title's file name, with a number if there is one of that name: `Plan (2).md`."""
        stem = _stem(title)
        while True:
            self._counts[_key(stem)] += 1
            number = self._counts[_key(stem)]
            name = f"{stem}.{extension}" if number == 1 else f"{stem} ({number}).{extension}"
            if _key(name) not in self._taken:
                self._taken.add(_key(name))
                return name


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


# --- Many documents -------------------------------------------------------------------------------------------

Paper: TypeAlias = tuple[str, Iterable[bytes]]  # another file: a name that no document's file has, and its pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A document and its text at one version; no text (None) where it could not be read. `facts` are more for the list,
    and `folder` is where its file goes."""

    doc_id: UUID
    title: str
    version: int
    updated_at: datetime
    text: str | None
    facts: Mapping[str, object] = field(default_factory=dict)
    folder: str = ""


def zip_chunks(documents: Iterable[Exported], papers: Iterable[Paper] = ()) -> Iterator[bytes]:
    """A zip of all of them, piece by piece: no more than one text, or one piece of a paper, is held at a time."""
    outlet, contents = _Outlet(), _Contents()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in documents:
            contents.add(archive, document)
            yield outlet.taken()
        for name, pieces in papers:
            with archive.open(_member(name, datetime.now(UTC)), "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    if taken := outlet.taken():  # it is compressed, so seldom there is something
                        yield taken
            yield outlet.taken()
        contents.close(archive)
    yield outlet.taken()


class _Outlet(RawIOBase):
    """A file that can only be written to; what was written is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Any, /) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


@dataclass(slots=True)
class _Contents:
    """What a zip holds so far."""

    names: defaultdict[str, Names] = field(default_factory=lambda: defaultdict(Names))  # by folder
    documents: list[dict[str, object]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, archive: zipfile.ZipFile, document: Exported) -> None:
        if document.text is None:
            self.errors.append(f"{document.doc_id} {document.title}: the text could not be read.")
            return
        name = document.folder + self.names[document.folder].name(document.title, "md")
        archive.writestr(_member(name, document.updated_at), text_bytes(document.text))
        facts = {"doc_id": document.doc_id, "title": document.title, "version": document.version}
        self.documents.append({"file": name, **facts, "updated_at": document.updated_at, **document.facts})

    def close(self, archive: zipfile.ZipFile) -> None:
        now = datetime.now(UTC)
        listed = orjson.dumps({"documents": self.documents}, option=orjson.OPT_INDENT_2)
        archive.writestr(_member(MANIFEST, now), listed)
        if self.errors:
            archive.writestr(_member(ERRORS, now), "\n".join([*self.errors, ""]))


def _member(name: str, moment: datetime) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, moment.timetuple()[:6])
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member
