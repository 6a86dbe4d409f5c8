"""A chart is well-formed XML, and higher bars mean longer."""

from xml.etree import ElementTree

from loadtest.plot import COLOURS, chart

SVG = "{http://www.w3.org/2000/svg}"


def test_it_works() -> None:
    slow = {"p50": 20.0, "p95": 50.0, "p99": 200.0, "max": 99_999.0}
    quick = {name: value / 10 for name, value in slow.items()}
    picture = ElementTree.fromstring(chart("submit → seen <ms>", [("quick", quick), ("slow & late", slow)]))
    bars = [bar for bar in picture.iter(f"{SVG}rect") if bar.get("fill") in COLOURS.values()]
    heights = [float(bar.get("height") or 0) for bar in bars[len(COLOURS) :]]  # behind the legend's
    assert heights[:4] == sorted(heights[:4])
    assert all(low <= high for low, high in zip(heights[:4], heights[4:], strict=True))
    assert max(heights) < 340
