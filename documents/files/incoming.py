"""Files coming in: Markdown and plain texts, and zips of them.

Nothing is ever written to disk under a name from outside: a name is only the title, so a path in it is harmless. What
a zip inflates to is known before it is inflated: no member is inflated further than its header says, whatever it
holds, so the headers can be added up first. Where one lies, the checksum tells, and the text is refused as broken.
"""

import codecs
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import IO

import orjson

from documents.errors import InflatesTooMuch, TooManyFiles, Unreadable
from documents.files.outgoing import ERRORS, MANIFEST

TEXTS = re.compile(r"(.*)\.(?:md|markdown|txt)", re.IGNORECASE | re.DOTALL)
MAX_MEMBERS = 10_000  # of a zip, with all that is no text
MAX_MANIFEST_BYTES = 1 << 20
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile inflates the others without a bound
ENTRY_MARK = b"PK\x01\x02"  # begins each entry of a zip's directory
ENCRYPTED = 0x1
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)  # what zipfile raises, one by one found by feeding it broken zips


@dataclass(frozen=True, slots=True)
class Limits:
    """How many texts, how many bytes one may have and how many all of them, and how long a title is, in code points."""

    files: int
    text_bytes: int
    all_bytes: int
    title: int


@dataclass(frozen=True, slots=True)
class Source:
    """A text to be read: the file's name as people know it, the title that it gives, and its length in bytes.

    Or, with a `problem`, why it will not be read.
    """

    file: str
    title: str = ""
    size: int = 0
    read: Callable[[], bytes] = bytes
    problem: Unreadable | None = None

    def text(self) -> str:
        """The text as it stands in the file; Unreadable if there is none."""
        if self.problem:
            raise self.problem
        return decoded(self.read())


def sources(uploads: Iterable[tuple[str, IO[bytes]]], limits: Limits) -> list[Source]:
    """What these files (name, content) hold, those in zips too. What is no text is refused when it is read.

    Raises TooManyFiles and InflatesTooMuch before anything is inflated.
    """
    found = [source for name, file in uploads for source in _in_upload(name, file, limits)]
    texts = [source for source in found if source.problem is None]
    if len(texts) > limits.files:
        raise TooManyFiles(f"An import takes at most {limits.files} files.")
    if sum(source.size for source in texts) > limits.all_bytes:
        raise InflatesTooMuch
    return found


def decoded(data: bytes) -> str:
    """UTF-8, with a byte order mark or without, or UTF-16 with one."""
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("This is neither UTF-8 nor UTF-16 with a byte order mark.", code="not_unicode") from None


# --- Uploads --------------------------------------------------------------------------------------------------


def _in_upload(name: str, file: IO[bytes], limits: Limits) -> Iterator[Source]:
    if name.lower().endswith(".zip"):
        yield from _in_zip(name, file.read(), limits)
    else:
        size = file.seek(0, 2)
        file.seek(0)
        yield _source(name, title_of(name), size, file.read, limits)


def title_of(path: str) -> str | None:
    """The last part of a path, without its extension; None for what is no text."""
    match = TEXTS.fullmatch(_parts(path)[-1])
    return match[1].strip() if match else None


def _source(file: str, title: str | None, size: int, read: Callable[[], bytes], limits: Limits) -> Source:
    if title is None:
        return Source(file, problem=Unreadable("Only .md, .markdown and .txt files are taken, and zips of them."))
    if size > limits.text_bytes:
        return Source(file, problem=Unreadable("This text is too long.", code="document_too_large", status=413))
    return Source(file, title[: limits.title].strip(), size, read)


def _parts(path: str) -> list[str]:
    return re.split(r"[/\\]", path)


# --- Zips -----------------------------------------------------------------------------------------------------


def _in_zip(name: str, data: bytes, limits: Limits) -> Iterator[Source]:
    if data.count(ENTRY_MARK) > MAX_MEMBERS:
        raise TooManyFiles(f"A zip may have at most {MAX_MEMBERS} members.")
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except BROKEN:
        yield Source(name, problem=Unreadable("This zip is broken.", code="broken_zip"))
        return
    titles = _titles(archive)
    ours = () if titles is None else (MANIFEST, ERRORS)
    for member in archive.infolist():
        if not _is_noise(member.filename) and member.filename not in ours:
            title = (titles or {}).get(member.filename, title_of(member.filename))
            yield _member(f"{name}/{member.filename}", title, archive, member, limits)


def _member(file: str, title: str | None, archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits) -> Source:
    if member.flag_bits & ENCRYPTED:
        return Source(file, problem=Unreadable("This file is encrypted.", code="encrypted_zip"))
    if stat.S_ISLNK(member.external_attr >> 16) or member.compress_type not in METHODS:
        title = None
    return _source(file, title, member.file_size, partial(_inflated, archive, member), limits)


def _inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's bytes, at most as many as its header says."""
    try:
        return _read(archive, member)
    except BROKEN:
        raise Unreadable("This file is broken in the zip.", code="broken_zip") from None


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Asked for everything, zipfile would inflate all there is before it cuts off what is too much."""
    with archive.open(member) as stream:
        return stream.read(member.file_size + 1)


def _is_noise(path: str) -> bool:
    """Folders, and what systems leave behind."""
    parts = _parts(path)
    hidden = [part for part in parts if part == "__MACOSX" or (part.startswith(".") and part.strip("."))]
    return not parts[-1] or bool(hidden)


def _titles(archive: zipfile.ZipFile) -> dict[str, str] | None:
    """The exact titles in a zip of our own export, by file; None for other zips."""
    try:
        member = archive.getinfo(MANIFEST)
        if member.file_size > MAX_MANIFEST_BYTES or member.compress_type not in METHODS:
            return None
        listed = orjson.loads(_read(archive, member))["documents"]
        titles = {document["file"]: document["title"] for document in listed}
    except (*BROKEN, LookupError, TypeError):
        return None
    return {file: title for file, title in titles.items() if isinstance(file, str) and isinstance(title, str)}
