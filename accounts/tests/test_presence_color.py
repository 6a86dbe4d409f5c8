from uuid import UUID, uuid4

import pytest

from accounts.services import PRESENCE_COLORS, presence_color


def luminance(color: str) -> float:
    """WCAG's relative luminance of #rrggbb."""
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_it_works():
    assert len(set(PRESENCE_COLORS)) == 12
    user_id = uuid4()
    assert presence_color(user_id) == presence_color(UUID(str(user_id)))
    assert {presence_color(UUID(int=n)) for n in range(12)} == set(PRESENCE_COLORS)


@pytest.mark.parametrize("paper", ["#ffffff", "#1e2024"])
@pytest.mark.parametrize("color", PRESENCE_COLORS)
def test_every_colour_is_seen_on_both_papers(color, paper):
    assert contrast(color, paper) >= 3
