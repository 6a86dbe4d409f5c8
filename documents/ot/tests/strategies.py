"""What Hypothesis draws from: texts with everything that is hard about text, and operations that fit them."""

from itertools import pairwise

from hypothesis import strategies as st

from documents.ot import Component, Operation, canonical

FAMILY = "👩\u200d👩\u200d👧"
PIECES = f"a|b| |\n|é|e\u0301|ß|שלום|م|漢|𠮷|😀|👍🏽|{FAMILY}|🇩🇪|\ufeff|\u2028|\U0010ffff".split("|")

texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
short_texts = st.lists(st.sampled_from(PIECES), max_size=2).map("".join)
lengths = st.integers(-6, 6)
careless = st.lists(lengths | short_texts, max_size=12)  # components in any order, empty ones among them


@st.composite
def components_for(draw: st.DrawFn, length: int) -> list[Component]:
    """Components in careless form that fit a text of `length` code points."""
    fitting: list[Component] = []
    for component in draw(careless):
        if isinstance(component, int):
            reach = min(abs(component), length)
            length -= reach
            component = reach if component > 0 else -reach
        fitting.append(component)
    return fitting


def operations(text: str) -> st.SearchStrategy[Operation]:
    return components_for(len(text)).map(canonical)


def is_canonical(operation: Operation) -> bool:
    """Whether a value keeps every rule of the canonical form, each checked on its own."""
    kinds = ["insert" if isinstance(c, str) else "retain" if c > 0 else "delete" for c in operation]
    neighbours = list(pairwise(kinds))
    return (
        type(operation) is tuple
        and all(operation)
        and kinds[-1:] != ["retain"]
        and all(kind != after for kind, after in neighbours)
        and ("delete", "insert") not in neighbours
    )
