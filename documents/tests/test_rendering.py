import re
import time
import tracemalloc
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import history, rendering, services
from documents.rendering import REL, render_markdown
from documents.tests.nasty_markdown import NASTY

ALLOWED = {"p", "a", "em", "strong", "del", "code", "pre", "ul", "ol", "li", "blockquote", "br", "hr"}
ALLOWED |= {"h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
VOID = {"br", "hr"}
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)  # by the URL standard; what has none is relative

MARKS = ["*", "**", "_", "~~", "`", "```\n", "[", "](", ")", "![", "<", ">", "\n", "\n\n", "> ", "- ", "1. ", "    "]
MORE = ["|", "|-|\n", "# ", "&", "&amp;", "&#x", ";", "\\", '"', "'", "--", "<!--", "-->", "javascript:", "http://a.b/"]
PIECES = st.sampled_from([*NASTY, *MARKS, *MORE])
MARKDOWN = st.lists(PIECES | st.text(max_size=8), max_size=25).map("".join).map(lambda text: text.replace("\r", ""))


class Look(HTMLParser):
    """What a piece of HTML holds; fails on anything that is not allowed, or not closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[dict[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        allowed = {"href", "title", "rel"} if tag == "a" else set()
        assert {name for name, _ in attrs} <= allowed, attrs
        assert len(dict(attrs)) == len(attrs)
        if tag == "a":
            self.links.append(dict(attrs))
            assert "a" not in self.open, "a link in a link"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_harmless(html: str) -> Look:
    look = Look(html)
    for link in look.links:
        assert link["rel"] == REL
        scheme = SCHEME.match(re.sub(r"[\0-\x20]", "", link.get("href", "")))
        assert scheme is None or scheme[1].lower() in ("http", "https", "mailto"), link
    return look


# --- Laws ---


@given(MARKDOWN)
def test_only_what_is_allowed_comes_out(text):
    assert_harmless(render_markdown(text))


@given(MARKDOWN)
def test_cleaning_again_changes_nothing(text):
    html = render_markdown(text)
    assert rendering._cleaned(html) == html


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])))
def test_what_is_shown_plain_is_clean_and_whole(text):
    html = rendering._plain(text)
    assert rendering._cleaned(html) == html
    assert assert_harmless(html).text == rendering.INVISIBLE.sub("?", text)


WORDS = st.lists(st.sampled_from(["> ", "- ", "1. ", "*", "**", "~~", "# ", "\n", "\n\n", "  ", "`", "["]), max_size=60)


@given(WORDS, st.integers(0, 60))
def test_no_word_is_lost_however_deep(marks, deep):
    text = "> " * deep + "".join(f"{mark}word{n}x" for n, mark in enumerate(marks))
    shown = Look(render_markdown(text)).text
    assert all(f"word{n}x" in shown for n in range(len(marks)))


@given(MARKDOWN)
def test_it_is_the_same_again(text):
    assert render_markdown(text) == render_markdown(text)


# --- The attacks, one by one ---


def test_there_are_many():
    assert len(NASTY) == len(set(NASTY)) > 100


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_does_nothing(text):
    html = render_markdown(text)
    assert_harmless(html)
    assert rendering._cleaned(html) == html


@pytest.mark.django_db
def test_the_stored_text_is_untouched(alice):
    for text in (*NASTY, "a < b && c", "```\n<T>&amp;\n```", "\n\n  spaces  \n", "\ufefftext", "x" * 200_001):
        document = services.create_document(owner=alice, content=text)
        document.head = 1
        assert history.html_of(document)
        assert history.current_text(document.id) == (1, text)


# --- What it looks like ---


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("# A *b* **c**", "<h1>A <em>b</em> <strong>c</strong></h1>\n"),
        ("~~no~~", "<p><del>no</del></p>\n"),
        ("a < b && c", "<p>a &lt; b &amp;&amp; c</p>\n"),
        ("`<T>`", "<p><code>&lt;T&gt;</code></p>\n"),
        ("```js\n<T>\n```", "<pre><code>&lt;T&gt;\n</code></pre>\n"),
        ("|a|\n|:-:|", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table>\n"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
        ("[x](/y 'z')", f'<p><a href="/y" title="z" rel="{REL}">x</a></p>\n'),
        ("<http://a.b/?c&d>", f'<p><a href="http://a.b/?c&amp;d" rel="{REL}">http://a.b/?c&amp;d</a></p>\n'),
        ("<alice@example.org>", f'<p><a href="mailto:alice@example.org" rel="{REL}">alice@example.org</a></p>\n'),
    ],
)
def test_it_works(text, html):
    assert render_markdown(text) == html


@pytest.mark.parametrize("address", ["http://a.b/c.png", "//a.b/c.png", "/c.png", "c.png"])
def test_an_image_is_a_link_to_it(address):
    look = Look(render_markdown(f"![*words*]({address} 'title') ![]({address})"))
    assert look.text.split() == ["words", address]
    assert look.links == [{"href": address, "rel": REL, "title": "title"}, {"href": address, "rel": REL}]


def test_an_image_in_a_link_is_its_words():
    look = Look(render_markdown("[before ![words](http://a/b.png) after](http://c)"))
    assert look.text == "before words after\n" and [link["href"] for link in look.links] == ["http://c"]


# --- What it costs ---

SIZE = 50_000


def filled(piece: str) -> str:
    return piece * (SIZE // len(piece))


REPEATED = [
    *[
        "[",
        "*",
        "<",
        "((((",
        "a.",
        "![",
        "[](",
        "`",
        "_a ",
        "*_",
        "a***",
        "~~",
        "&",
        "&#1;",
        "\\",
        "]",
        "[a][",
        "a",
        " ",
    ],
    *["<a ", "<http://a", "<!--", "<?", "<![CDATA[", "\n", "# a\n", "a\n=\n\n", "---\n", "```\n", "a  \n", "    a\n\n"],
    *["[a](/b) ", "![a](/b) ", "<http://a.b/c> ", "&a", "<a@", "[a](b '", "[a](<b", "[a]: x '", "\t", "> - "],
]
WIDE_TABLE = "|a" * 220 + "\n" + "|-" * 220 + "\n" + "a\n" * 600  # the parser adds what is missing: 132,000 cells
COSTLY = {
    "quotes": ">" * 10_000 + "x",
    "quotes with spaces": "> " * 10_000 + "x",
    "quotes in lines": "\n".join(">" * n for n in range(300)),
    "lists": "- " * 10_000 + "x",
    "lists in lines": "\n".join("  " * n + "- x" for n in range(200)),
    "ordered lists": "1. " * 10_000 + "x",
    "lazy lines": ">" * 15 + "a\n" + filled("b\n"),
    "lists of lists": filled("- - - - - - - - - a\n"),
    "a wide table": filled("|a") + "|\n" + filled("|-") + "|\n" + filled("|b"),
    "a long table": "|a|b|\n|-|-|\n" + filled("|c|d|\n"),
    "a table of few marks": WIDE_TABLE,
    "definitions": "".join(f"[r{n}]: /x\n" for n in range(SIZE // 10)),
    "definitions used": "".join(f"[r{n}]: /x\n" for n in range(2500)) + "".join(f"\n[r{n}] " for n in range(2500)),
    "a long definition used often": f"[a]: /{'x' * 25_000}\n\n" + "[a]" * 8_000,
    "a definition without an end": "[a]: /x '" + filled("b\n"),
    "nested emphasis": filled("*a **a ") + filled("b** b*"),
    "nested images": filled("![") + filled("](a)"),
    **{piece: filled(piece) for piece in REPEATED},
}


def seconds(text: str) -> float:
    before = time.thread_time()
    render_markdown(text)
    return time.thread_time() - before


@pytest.mark.parametrize("name", COSTLY)
def test_nothing_takes_a_second(name):
    """Of the processor, and at the best of three tries, so that a busy machine does not count."""
    text = COSTLY[name]
    html = render_markdown(text)
    assert min(seconds(text) for _ in range(3)) < 1
    assert len(html) < 5_000_000
    assert html or name in ("definitions", "\n", " ", "\t")


def test_a_table_of_few_marks_is_given_up_early():
    tracemalloc.start()
    assert render_markdown(WIDE_TABLE).startswith("<pre><code>|a|a")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 30 << 20


def test_a_long_text_is_shown_as_it_is(settings):
    settings.MAX_RENDERED_LENGTH = 10
    assert render_markdown("*a* <b> x") == "<p><em>a</em> &lt;b&gt; x</p>\n"
    assert render_markdown("*a* <b> & c") == "<pre><code>*a* &lt;b&gt; &amp; c</code></pre>"


def test_a_long_story_is_rendered():
    story = (
        "Some *words* of a [story](http://a.b/c), and some `code`, and a good many words beside these. " * 5 + "\n\n"
    ) * 400
    assert 150_000 < len(story) < 200_000
    assert render_markdown(story).count("<p>") == 400
    assert min(seconds(story) for _ in range(3)) < 1


@pytest.mark.parametrize("mark", ["> ", "- ", "1. "])
def test_what_is_nested_deep_is_rendered_or_shown_but_never_left_out(mark):
    for deep in range(1, 40):
        html = render_markdown(mark * deep + "words")
        assert "words" in html
    assert html.startswith("<pre><code>")
    assert not render_markdown(mark * 8 + "words").startswith("<pre>")
