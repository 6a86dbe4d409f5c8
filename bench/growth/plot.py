"""Lines over a logarithmic axis, as SVG by hand like the charts of load runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from bench.growth.figures import spoken
from loadtest.plot import BOTTOM, COLOURS, HEIGHT, LEFT, RIGHT, TOP, WIDTH

Point = tuple[float, float]
RISE = HEIGHT - TOP - BOTTOM
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Chart:
    """`across` names what grows, on a log scale; upwards goes what is measured, from zero unless `is_log`."""

    title: str
    across: str
    lines: Sequence[Line]
    is_log: bool = False

    def svg(self) -> str:
        opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
        frame = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        head = [opening, f"<title>{escape(self.title)}</title>", frame, _text(LEFT, 22, self.title, "start", 15)]
        drawn = [
            part
            for line, colour in zip(self.lines, COLOURS.values(), strict=False)
            for part in self._line(line, colour)
        ]
        return "\n".join([*head, *self._levels(), *self._places(), *self._legend(), *drawn, "</svg>", ""])

    @property
    def points(self) -> list[Point]:
        return [point for line in self.lines for point in line.points]

    def levels(self) -> list[float]:
        """The values that have a line across: round ones, the last no lower than any point."""
        values = [y for _, y in self.points]
        if self.is_log:
            return [10.0**power for power in range(floor(log10(min(values))), floor(log10(max(values))) + 2)]
        power = 10.0 ** floor(log10(max(values) / 4))
        step = next(step * power for step in STEPS if 5 * step * power >= max(values))
        return [step * n for n in range(ceil(max(values) / step) + 1)]

    def place(self, point: Point) -> Point:
        """Where a point is drawn."""
        least, most = min(x for x, _ in self.points), max(x for x, _ in self.points)
        low, high = self.levels()[0], self.levels()[-1]
        share = log10(point[1] / low) / log10(high / low) if self.is_log else point[1] / high
        along = log10(point[0] / least) / log10(most / least) if most > least else 0.5
        return LEFT + 20 + along * (WIDTH - LEFT - RIGHT - 50), HEIGHT - BOTTOM - share * RISE

    def _levels(self) -> list[str]:
        parts, x = [], self.points[0][0]
        for level in self.levels():
            y = self.place((x, level))[1]
            parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
            parts.append(_text(LEFT - 8, y + 4, spoken(level), "end"))
        return parts

    def _places(self) -> list[str]:
        level = self.levels()[-1]
        marks = [(self.place((x, level))[0], x) for x in sorted({x for x, _ in self.points})]
        named = [_text(at, HEIGHT - BOTTOM + 18, _short(x)) for at, x in marks]
        return [*named, _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 38, self.across)]

    def _legend(self) -> list[str]:
        parts, x = [], float(LEFT)
        for line, colour in zip(self.lines, COLOURS.values(), strict=False):
            parts.append(f'<rect x="{x:.0f}" y="34" width="11" height="11" fill="{colour}"/>')
            parts.append(_text(x + 16, 44, line.name, "start"))
            x += 40 + 7 * len(line.name)
        return parts

    def _line(self, line: Line, colour: str) -> list[str]:
        places = [self.place(point) for point in line.points]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        values = [
            _text(x, y - 8, spoken(value), size=10) for (x, y), (_, value) in zip(places, line.points, strict=True)
        ]
        return [f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots, *values]


def _short(number: float) -> str:
    """Numbers along the axis stand close together."""
    for size, name in ((1_000_000, " M"), (1_000, " k")):
        if number >= size:
            return f"{spoken(number / size)}{name}"
    return spoken(number)


def _text(x: float, y: float, text: str, anchor: str = "middle", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'
