"""The lists are what keeps a text harmless, not the library: bleach, which cleans, or nh3, which could (S16 to S19)."""

import nh3
import pytest

from documents import rendering
from documents.rendering import PARSER, REL, SCHEMES, TAGS
from documents.tests.nasty_markdown import HTML, NASTY
from documents.tests.test_rendering import Look, assert_harmless


def by_nh3(html: str) -> str:
    allowed = {"a": {"href", "title"}}
    return nh3.clean(html, tags=set(TAGS), attributes=allowed, url_schemes=set(SCHEMES), link_rel=REL)


CLEANERS = {"bleach": rendering._cleaned, "nh3": by_nh3}


@pytest.mark.parametrize("name", CLEANERS)
@pytest.mark.parametrize("text", NASTY)
def test_nasty_markdown(name, text):
    clean = CLEANERS[name]
    html = clean(PARSER.render(text))
    assert_harmless(html)
    assert clean(html) == html


@pytest.mark.parametrize("name", CLEANERS)
@pytest.mark.parametrize("html", [*HTML, "\n".join(HTML), "".join(HTML)])
def test_html_that_the_parser_would_not_let_through(name, html):
    """As if the fence before had fallen."""
    clean = CLEANERS[name]
    cleaned = clean(html)
    look = Look(cleaned)
    assert all(link.get("href", "").startswith(("http:", "https:", "x", "/")) for link in look.links if "href" in link)
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize("text", NASTY)
def test_they_show_the_same_words_of_what_is_rendered(text):
    """But that bleach shows invisible marks as "?"."""
    html = PARSER.render(text)
    assert rendering.INVISIBLE.sub("?", Look(by_nh3(html)).text) == Look(rendering._cleaned(html)).text
