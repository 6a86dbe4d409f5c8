"""`python -m loadtest.plot OUT.svg TITLE NAME LABEL=FILE.json …` draws one latency of several runs, on a log scale.

Written by hand, for a chart in the documentation is no reason for a plotting library.
"""

import sys
from collections.abc import Sequence
from html import escape
from math import log10
from pathlib import Path

from loadtest.figures import POINTS, Figures

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 56, 48
LEAST, MOST = 1.0, 10_000.0  # milliseconds
COLOURS = dict(zip(POINTS, ("#2f6f9f", "#58a4b0", "#e0a458", "#b5533c"), strict=True))

Group = tuple[str, dict[str, float]]  # a label, and milliseconds by point


def chart(title: str, groups: Sequence[Group]) -> str:
    """An SVG picture of its own: each group has a bar for each point."""
    body = [*_axis(), *_legend(), *(part for index, group in enumerate(groups) for part in _bars(index, group, groups))]
    head = _text(LEFT, 22, title, "start", 15)
    frame = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    return "\n".join([opening, f"<title>{escape(title)}</title>", frame, head, *body, "</svg>", ""])


def _axis() -> list[str]:
    parts = []
    for power in range(round(log10(LEAST)), round(log10(MOST)) + 1):
        y, value = _y(10.0**power), 10**power
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value // 1000} s" if value >= 1000 else f"{value} ms", "end"))
    return parts


def _legend() -> list[str]:
    parts = []
    for index, (name, colour) in enumerate(COLOURS.items()):
        x = LEFT + 70 * index
        parts.append(f'<rect x="{x}" y="34" width="11" height="11" fill="{colour}"/>')
        parts.append(_text(x + 16, 44, name, "start"))
    return parts


def _bars(index: int, group: Group, groups: Sequence[Group]) -> list[str]:
    label, values = group
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    wide = min(26.0, 0.8 * room / len(POINTS))
    start = LEFT + room * (index + 0.5) - wide * len(POINTS) / 2
    parts = [_text(start + wide * len(POINTS) / 2, HEIGHT - BOTTOM + 20, label)]
    for place, (name, colour) in enumerate(COLOURS.items()):
        x, y = start + wide * place, _y(values[name])
        high = HEIGHT - BOTTOM - y
        parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide - 2:.1f}" height="{high:.1f}" fill="{colour}"/>')
        parts.append(_text(x + wide / 2 - 1, y - 4, _spoken(values[name]), size=9))
    return parts


def _spoken(milliseconds: float) -> str:
    return f"{milliseconds:.3g}" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _y(milliseconds: float) -> float:
    share = log10(min(MOST, max(LEAST, milliseconds)) / LEAST) / log10(MOST / LEAST)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, text: str, anchor: str = "middle", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'


def main(out: str, title: str, name: str, *runs: str) -> None:
    groups = []
    for label, _, path in (run.rpartition("=") for run in runs):
        groups.append((label, dict(Figures.read(Path(path)).latencies[name])))
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    Path(out).write_text(chart(title, groups))


if __name__ == "__main__":
    main(*sys.argv[1:])
