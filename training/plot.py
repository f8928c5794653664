"""The experiment's document → one picture: what every model of every pairing makes of children and of adults."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 440, 64, 20, 16, 52
_LEGEND = _WIDTH - 275  # its words are wider in some systems' fonts than in others'
_COLOURS = ("#0b6e99", "#b3541e", "#5b3f8c", "#2e7d32")
_INK, _FAINT = "#333333", "#dddddd"
Point = tuple[float, float]


def plot(results: Mapping[str, Any]) -> str:
    """Draw the ``merge`` part of the experiment's document.

    Args:
        results: pairing → its ``models`` and ``cells``, measured on two corpora.

    Returns:
        An SVG: the first corpus' WER to the right, the second's upwards, both in percent; M1 a disc, M2 a triangle,
        merges dots.
    """
    corpora = list(next(iter(results.values()))["models"])[:2]
    merges = {
        name: sorted({(cell[f"{corpora[0]} wer"], cell[f"{corpora[1]} wer"]) for cell in result["cells"]})
        for name, result in results.items()
    }
    ends = {
        name: [(result["models"][corpora[0]][m]["wer"], result["models"][corpora[1]][m]["wer"]) for m in ("m1", "m2")]
        for name, result in results.items()
    }
    axes = _Axes([point for group in (*merges.values(), *ends.values()) for point in group])
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
            "font-family": "sans-serif",
            "font-size": "13",
        },
    )
    ElementTree.SubElement(root, "rect", {"width": str(_WIDTH), "height": str(_HEIGHT), "fill": "white"})
    axes.draw(root, [f"{name}, WER %" for name in corpora])
    for number, name in enumerate(results):
        colour = _COLOURS[number % len(_COLOURS)]
        for point in merges[name]:
            x, y = axes.place(point)
            _circle(root, x, y, 3, colour, "0.55")
        _circle(root, *axes.place(ends[name][0]), 7, colour, "1")
        _circle(root, _LEGEND, _TOP + 14 + 20 * number, 6, colour, "1")
        _text(root, _LEGEND + 12, _TOP + 19 + 20 * number, f"M1 and merges: {name}")
    for x, y in sorted({axes.place(adult) for _, adult in ends.values()}):  # most pairings share their M2
        triangle = f"{x:.1f},{y - 8:.1f} {x - 8:.1f},{y + 6:.1f} {x + 8:.1f},{y + 6:.1f}"
        ElementTree.SubElement(root, "polygon", {"points": triangle, "fill": "none", "stroke": _INK})
        _text(root, x - 12, y + 5, "M2", "end")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


class _Axes:
    """Where a pair of WERs stands on the picture."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._spans = [_span([point[axis] for point in points]) for axis in (0, 1)]

    def place(self, point: Point) -> Point:
        """Return x and y of a point."""
        (left, right), (low, high) = self._spans
        x = _LEFT + (point[0] - left) / (right - left) * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - (point[1] - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return x, y

    def draw(self, root: ElementTree.Element, titles: Sequence[str]) -> None:
        """Draw grid, numbers and titles."""
        (left, right), (low, high) = self._spans
        for value in _ticks(left, right):
            x, bottom = self.place((value, low))
            _line(root, (x, _TOP), (x, bottom))
            _text(root, x, bottom + 18, f"{value:g}", "middle")
        for value in _ticks(low, high):
            x, y = self.place((left, value))
            _line(root, (x, y), (_WIDTH - _RIGHT, y))
            _text(root, x - 8, y + 4, f"{value:g}", "end")
        _text(root, (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 12, f"{titles[0]} (left is better)", "middle")
        middle = (_TOP + _HEIGHT - _BOTTOM) / 2
        label = _text(root, 18, middle, f"{titles[1]} (down is better)", "middle")
        label.set("transform", f"rotate(-90 18 {middle:g})")


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Return whole numbers around the values, with some room."""
    return math.floor(min(values) - 0.5), math.ceil(max(values) + 0.5)


def _ticks(low: float, high: float) -> list[float]:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if (high - low) / step <= 10)
    return [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _circle(root: ElementTree.Element, x: float, y: float, radius: float, colour: str, opacity: str) -> None:
    place = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{radius:g}"}
    ElementTree.SubElement(root, "circle", {**place, "fill": colour, "fill-opacity": opacity})


def _line(root: ElementTree.Element, start: Point, end: Point) -> None:
    ends = {
        f"{axis}{n}": f"{value:.1f}"
        for n, point in ((1, start), (2, end))
        for axis, value in zip("xy", point, strict=True)
    }
    ElementTree.SubElement(root, "line", {**ends, "stroke": _FAINT})


def _text(root: ElementTree.Element, x: float, y: float, words: str, anchor: str = "start") -> ElementTree.Element:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "fill": _INK}
    node = ElementTree.SubElement(root, "text", place)
    node.text = words
    return node
