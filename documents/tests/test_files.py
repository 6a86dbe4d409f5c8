"""Names of files, texts in files, and zips of them, without a server."""

import io
import os
import re
import struct
import tracemalloc
import unicodedata
import zipfile
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.errors import InflatesTooMuch, TooManyFiles, Unreadable
from documents.files import incoming, outgoing
from documents.files.incoming import Limits, decoded, sources, title_of
from documents.files.outgoing import Exported, Names, file_name, page_bytes, text_bytes, zip_chunks
from documents.tests.nasty_markdown import NASTY

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIMITS = Limits(files=200, text_bytes=4_000_000, all_bytes=64 << 20, title=200)
CHARACTERS = st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS) | st.text("a\n\ufeff🙂e\u0301\u2028", max_size=8)
NASTY_TITLES = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "a/b",
    "C:\\x",
    "con",
    "NUL.x",
    "x" * 200,
    "🙂" * 200,
    "é" * 200,
    ".x",
]
TITLES = st.text(CHARACTERS, max_size=200).map(str.strip) | st.sampled_from(NASTY_TITLES)


def exported(text: str | None, title: str = "Plan") -> Exported:
    return Exported(doc_id=uuid4(), title=title, version=1, updated_at=NOON, text=text)


def zipped(*documents: Exported) -> bytes:
    return b"".join(zip_chunks(documents))


def a_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def brought(data: bytes, name: str = "x.zip", limits: Limits = LIMITS) -> list[tuple[str, str]]:
    """(title, text, or the refusal's code) of each source."""
    return [(source.title, said(source)) for source in sources([(name, io.BytesIO(data))], limits)]


def said(source: incoming.Source) -> str:
    try:
        return source.text()
    except Unreadable as problem:
        return problem.code


# --- Names ---


@given(TITLES)
def test_a_name_is_safe_everywhere(title):
    name = file_name(title, "md")
    assert name.endswith(".md") and len(name.encode()) <= 255
    assert not re.search(r'[/\\:*?"<>|]', name)
    assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") for c in name)
    assert not any(
        unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI") for c in name
    )
    assert not name.startswith((".", " ", "..")) and not name[:-3].endswith((".", " "))
    assert os.path.basename(name) == name
    assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)", name.split(".")[0], re.IGNORECASE)


@given(
    st.from_regex(r"[\w][\w ,;+=#&()'\-]{0,40}[\w]", fullmatch=True).filter(
        lambda t: not outgoing.RESERVED.fullmatch(t)
    )
)
def test_a_harmless_title_is_its_name(title):
    assert file_name(title, "md") == f"{title}.md"
    assert title_of(file_name(title, "md")) == title


@given(st.lists(TITLES | st.sampled_from(["a", "A", "a (2)", "A (2)", "é", "e\u0301", "ß", "SS"]), max_size=30))
def test_no_two_names_are_the_same_on_any_disk(titles):
    names = Names()
    given = [names.name(title, "md") for title in titles]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in given}) == len(given)
    assert len({unicodedata.normalize("NFD", name).lower() for name in given}) == len(given)
    assert all(len(name.encode()) <= 255 for name in given)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("", "Untitled.md"),
        ("../../etc/passwd", "_.._etc_passwd.md"),
        ("C:\\Windows\\x", "C__Windows_x.md"),
        ("CON", "_CON.md"),
        ("aux.notes", "_aux.notes.md"),
        ("invoice\u202efdp.exe", "invoicefdp.exe.md"),
        ("a\0b\x07c", "a_b_c.md"),
        (".bashrc", "bashrc.md"),
        ("dots...", "dots.md"),
        ("👩‍👩‍👧", "👩‍👩‍👧.md"),
        ('a"\r\nSet-Cookie: x', "a___Set-Cookie_ x.md"),
    ],
)
def test_names(title, name):
    assert file_name(title, "md") == name


def test_many_of_one_name_cost_little():
    names = Names()
    assert [names.name("", "md") for _ in range(20_000)][-1] == "Untitled (20000).md"


# --- Texts ---


@given(TEXTS)
def test_a_text_comes_back_from_its_file(text):
    assert decoded(text_bytes(text)) == text
    assert decoded(text.encode("utf-16")) == text


@pytest.mark.parametrize(
    "data", [b"\xff", b"caf\xe9", b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\xed\xa0\x80", b"\xc0\x80", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_text_is_refused(data):
    with pytest.raises(Unreadable) as refusal:
        decoded(data)
    assert refusal.value.code == "not_unicode"


@pytest.mark.parametrize("title", [*NASTY[:60], "</title><script>alert(1)</script>", "{body}", "{0.__class__}"])
def test_a_page_shows_its_title(title):
    page = page_bytes(title, "<p>{x} %s</p>").decode()
    assert "<script" not in page and "<img" not in page
    assert page.startswith("<!doctype html>") and "<p>{x} %s</p>" in page and page.count("<title>") == 1


# --- There and back ---


@given(st.lists(st.tuples(TITLES, TEXTS), max_size=6))
def test_what_goes_out_comes_in_the_same(documents):
    data = zipped(*(exported(text, title) for title, text in documents))
    assert brought(data) == documents


def test_what_can_not_be_read_is_no_empty_file():
    lost, found = exported(None, "Lost"), exported("", "Empty")
    with zipfile.ZipFile(io.BytesIO(zipped(lost, found))) as archive:
        assert set(archive.namelist()) == {"Empty.md", "manifest.json", "ERRORS.txt"}
        assert archive.read("ERRORS.txt").decode() == f"{lost.doc_id} Lost: the text could not be read.\n"
    assert brought(zipped(lost, found)) == [("Empty", "")]


def test_a_zip_goes_out_piece_by_piece():
    read = []

    def documents():
        for n in range(5):
            read.append(n)
            yield exported(os.urandom(30_000).hex())

    chunks = zip_chunks(documents())
    assert len(next(chunks)) > 30_000 and read == [0]
    assert len(next(chunks)) < 70_000 and read == [0, 1]


def test_other_systems_read_it():
    with zipfile.ZipFile(io.BytesIO(zipped(exported("a\r"), exported("b"), exported("ü", "Größe 🙂")))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Plan.md", "Plan (2).md", "Größe 🙂.md", "manifest.json"]
        assert archive.getinfo("Plan.md").date_time == (2026, 11, 23, 12, 0, 0)


# --- Coming in ---


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("notes.md", "notes"),
        ("Notes.Markdown", "Notes"),
        ("a.b.TXT", "a.b"),
        ("../../etc/passwd.md", "passwd"),
        ("/etc/passwd.txt", "passwd"),
        ("C:\\temp\\x.md", "x"),
        ("a/../../b.md", "b"),
        ("x" * 300 + ".md", "x" * 200),
    ],
)
def test_a_path_is_only_a_title(name, title):
    assert brought(a_zip({name: b"text"})) == [(title, "text")]
    assert brought(b"text", name) == [(title, "text")]


def test_what_systems_leave_behind_is_left_out():
    noise = ["__MACOSX/._a.md", ".DS_Store", ".git/config.md", "folder/", "a/.hidden.md", "./__MACOSX/b.md"]
    assert brought(a_zip({**dict.fromkeys(noise, b"x"), "./folder/a.md": b"text"})) == [("a", "text")]


@pytest.mark.parametrize("name", ["a.exe", "a.zip", "a.md.gz", "a", "a.html", "md", "a.json"])
def test_what_is_no_text_is_named(name):
    inner = a_zip({"b.md": b"x"})
    assert brought(a_zip({name: inner, "a.md": b"text"})) == [("", "unreadable_file"), ("a", "text")]


def test_a_link_is_no_text():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        link = zipfile.ZipInfo("link.md")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert brought(held.getvalue()) == [("", "unreadable_file")]


def test_methods_that_inflate_without_bound_are_refused():
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert brought(a_zip({"a.md": b"x"}, method)) == [("", "unreadable_file")]


def test_an_encrypted_file_is_named():
    data = bytearray(a_zip({"a.md": b"text"}, zipfile.ZIP_STORED))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    assert brought(bytes(data)) == [("", "encrypted_zip")]


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"no zip at all", a_zip({"a.md": b"x"})[:-10], b"PK\x05\x06" + b"\xff" * 18]
)
def test_a_broken_zip_is_named(data):
    assert brought(data) == [("", "broken_zip")]


@given(st.data())
def test_a_damaged_zip_never_breaks_us(data):
    """Some bytes changed, some cut off: texts or named refusals, and nothing else."""
    good = bytearray(a_zip({"a.md": b"some text " * 50, "b/c.txt": b"more", "manifest.json": b'{"documents": []}'}))
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 3))
    for _, text in brought(bytes(good[: len(good) - cut])):
        assert text in ("some text " * 50, "more", '{"documents": []}', "") or re.fullmatch("[a-z_]+", text)


STRANGE = [b"", b"[]", b"{}", b"null", b"\xff", b"[" * 9999, b'{"documents": 1}', b'{"documents": [1]}']
STRANGE += [b'{"documents": [{"file": []}]}', b'{"documents": [{"file": "a.md", "title": 7}]}']


@pytest.mark.parametrize("manifest", STRANGE)
def test_a_strange_manifest_changes_nothing(manifest):
    assert ("a", "text") in brought(a_zip({"a.md": b"text", "manifest.json": manifest}))


# --- Bombs ---


@contextmanager
def little_memory(most: int = 1 << 20):
    """Fails if more than so many bytes were held at once."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < most, peak


def test_a_bomb_is_refused_before_it_goes_off():
    bomb = a_zip({f"{n}.md": b"\0" * 3_900_000 for n in range(20)})
    assert len(bomb) < 100_000
    with little_memory(), pytest.raises(InflatesTooMuch):
        brought(bomb)


def test_one_text_that_is_too_long_is_named():
    assert brought(a_zip({"a.md": b"a" * 4_000_001, "b.md": b"b"})) == [("", "document_too_large"), ("b", "b")]
    assert brought(b"a" * 4_000_001, "a.md") == [("", "document_too_large")]


def test_a_liar_is_stopped_where_its_header_ends():
    """It says ten bytes and holds a hundred million."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    held = b"".join([*(packer.compress(b"\0" * 1_000_000) for _ in range(100)), packer.flush()])
    name, crc = b"a.md", zlib.crc32(b"\0" * 10)
    facts = (20, 0, 8, 0, 0, crc, len(held), 10, len(name), 0)
    entry = struct.pack("<4s5H3I2H", b"PK\x03\x04", *facts) + name + held
    listed = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *facts, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(listed), len(entry), 0)
    liar = entry + listed + end
    wrong = liar.replace(struct.pack("<I", crc), struct.pack("<I", crc ^ 1))
    with little_memory():
        assert brought(liar) == [("a", "\0" * 10)]  # NUL is for the services to refuse
        assert brought(wrong) == [("a", "broken_zip")]


def test_too_many_files_are_refused():
    limits = Limits(files=3, text_bytes=100, all_bytes=1000, title=200)
    four = {f"{n}.md": b"" for n in range(4)}
    with pytest.raises(TooManyFiles):
        brought(a_zip(four), limits=limits)
    with pytest.raises(TooManyFiles):
        sources([(name, io.BytesIO(data)) for name, data in four.items()], limits)
    assert len(brought(a_zip({**dict(list(four.items())[:3]), "a.png": b""}), limits=limits)) == 4


def test_a_zip_of_very_many_members_is_not_even_listed():
    with pytest.raises(TooManyFiles):
        brought(incoming.ENTRY_MARK * 10_001)
