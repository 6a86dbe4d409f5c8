"""Markdown as HTML that shows a text and does nothing else. The text itself is never changed by this.

Three fences, one behind the other: the parser takes no HTML from the text; what it makes is cleaned by an allow-list,
last of all; and whoever serves it adds a Content-Security-Policy. bleach, which cleans, is no longer developed. The way
out is nh3: it takes the same lists, so only `_cleaned` would change.

An image becomes a link to it. A picture elsewhere tells its server who reads this and when; one from here would let
the writer make each reader's browser ask for any address in the reader's name. CollabDocs itself keeps no pictures.

Both libraries are plain Python and hold the interpreter, so the work is bounded by counting, before each step, what
it will cost: the same text gives the same answer on any machine. Too costly a text is shown as it stands.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape

from bleach.sanitizer import Cleaner
from django.conf import settings
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

EDITION = 1  # counts up when the same text is to render to something else, so that no cache serves the former
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
BLOCKS = {"p", "pre", "ul", "ol", "li", "blockquote", "hr", "table", "thead", "tbody", "tr", "th", "td"}
TAGS = frozenset(HEADINGS | BLOCKS | {"a", "em", "strong", "del", "code", "br"})
REL = "noopener noreferrer nofollow"
SCHEMES = frozenset({"http", "https", "mailto"})

MAX_NESTING = 20  # quotes and lists in one another
MAX_MARKS = 20_000  # places where the parser has to try something, at up to 30 µs
MAX_TAGS = 12_000  # tags to clean, at up to 40 µs
MAX_ADDRESSES = 1_000_000  # code points of links' addresses and titles: one definition may serve many links
MARKS = "\n[]()!*_~`|<>&\\"

INVISIBLE = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f]")


class TooCostly(Exception):
    """Rendering would take longer than it is worth, or lose something."""


def render_markdown(text: str) -> str:
    """The text as clean HTML; as preformatted text where it is too long or too costly to render."""
    if len(text) > settings.MAX_RENDERED_LENGTH or sum(map(text.count, MARKS)) > MAX_MARKS:
        return _plain(text)
    try:
        return _cleaned(PARSER.render(text))
    except TooCostly:
        return _plain(text)


def _plain(text: str) -> str:
    """Escaped. The <code> keeps browsers from taking away a first newline, and bleach shows invisible marks as "?"."""
    return f"<pre><code>{escape(INVISIBLE.sub('?', text), quote=False)}</code></pre>"


def _cleaned(html: str) -> str:
    """Only what the lists allow; cleaning it again changes nothing. A Cleaner has state: one for each text."""
    cleaner = Cleaner(tags=TAGS, attributes=_is_allowed, protocols=SCHEMES, strip_comments=True)
    cleaned: str = cleaner.clean(html)
    return cleaned


def _is_allowed(tag: str, name: str, value: str) -> bool:
    return tag == "a" and (name in ("href", "title") or (name, value) == ("rel", REL))


# --- Markdown -------------------------------------------------------------------------------------------------


def _make_parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough, without HTML. Threads may share it."""
    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    everywhere: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("table", "stop_early", _stop_early, everywhere)
    parser.core.ruler.push("make_harmless", _make_harmless)
    parser.core.ruler.push("check_costs", _check_costs)
    parser.render("*x*")  # it sorts its rules on first use, and two threads must not do that at once
    return parser


def _stop_early(state: StateBlock, *_: object) -> bool:
    """A rule that is tried on each line and never applies. A table's few marks may stand for very many cells."""
    if len(state.tokens) > 2 * MAX_TAGS:
        raise TooCostly
    return False


def _check_costs(state: StateCore) -> None:
    tags = addresses = 0
    for token in _with_children(state.tokens):
        if token.type in ("blockquote_open", "list_item_open") and token.level + 1 >= MAX_NESTING:
            raise TooCostly  # the parser has left out what stands inside
        tags += bool(token.tag)
        addresses += sum(len(str(value)) for value in token.attrs.values())
    if tags > MAX_TAGS or addresses > MAX_ADDRESSES:
        raise TooCostly


def _with_children(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _make_harmless(state: StateCore) -> None:
    """A rule of the parser: links name no referrer, images become links, and <s> is <del>."""
    for token in state.tokens:
        if token.children:
            token.children = list(_harmless(token.children, state))


def _harmless(tokens: Sequence[Token], state: StateCore) -> Iterator[Token]:
    is_in_link = False
    for token in tokens:
        if token.type == "link_open":
            token.attrSet("rel", REL)
        if token.tag == "a":
            is_in_link = token.nesting == 1
        if token.tag == "s":
            token.tag = "del"
        if token.type == "image":
            yield from _link_to_image(token, is_in_link, state)
        else:
            yield token


def _link_to_image(image: Token, is_in_link: bool, state: StateCore) -> Iterator[Token]:
    """Its words instead of it, linked to it where they are in no link yet."""
    address = str(image.attrs["src"])
    words = WORDS.renderInlineAsText(image.children, state.md.options, state.env)
    text = Token("text", "", 0, content=words or address)
    if is_in_link:
        yield text
        return
    attributes = {name: value for name, value in image.attrs.items() if name == "title"}
    yield Token("link_open", "a", 1, attrs={"href": address, "rel": REL, **attributes})
    yield text
    yield Token("link_close", "a", -1)


WORDS = RendererHTML()
PARSER = _make_parser()
