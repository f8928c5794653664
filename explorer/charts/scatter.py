"""One model against another: where do they differ, utterance by utterance or speaker by speaker?"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from explorer.charts.marks import GREY, style
from explorer.evaluation import ModelResult
from explorer.scoring import WordErrors, pooled

Unit = Literal["utterance", "speaker"]


def scatter_chart(
    first: ModelResult, other: ModelResult, titles: Mapping[str, str], unit: Unit = "utterance"
) -> go.Figure | None:
    """Draw one model against another: a point for each utterance or speaker, below the diagonal where ``other`` wins.

    Utterances at one place share a point, which grows with their number.

    Args:
        first: on the horizontal axis.
        other: on the vertical axis, over the same utterances.
        titles: of the models.
        unit: what a point stands for.

    Returns:
        The figure, or None when there are no reference words.
    """
    points = _speakers(first, other) if unit == "speaker" else _utterances(first, other)
    if not points:
        return None
    figure = go.Figure()
    top = 5.0 + max(max(point.x, point.y) for point in points)
    figure.add_scatter(
        x=[0, top], y=[0, top], mode="lines", line={"color": GREY, "dash": "dot"}, hoverinfo="skip", showlegend=False
    )
    wins: tuple[tuple[str, str, str, Callable[[_Point], bool]], ...] = (
        (f"{titles[other.model]} better", "#15803d", "circle", lambda point: point.y < point.x),
        ("alike", GREY, "circle", lambda point: point.y == point.x),
        (f"{titles[other.model]} worse", "#b91c1c", "x", lambda point: point.y > point.x),
    )
    for label, colour, symbol, holds in wins:
        chosen = [point for point in points if holds(point)]
        figure.add_scatter(
            x=[point.x for point in chosen],
            y=[point.y for point in chosen],
            customdata=[[list(point.utterances)] for point in chosen],
            text=[point.label for point in chosen],
            mode="markers",
            name=f"{label} ({sum(len(point.utterances) if unit == 'utterance' else 1 for point in chosen)})",
            marker={
                "color": colour,
                "symbol": symbol,
                "opacity": 0.75,
                "size": [_size(len(point.utterances)) for point in chosen],
            },
            hovertemplate="%{text}<br>%{x:.1f} % → %{y:.1f} %<extra></extra>",
        )
    style(figure, f"WER of {titles[first.model]}, %", f"WER of {titles[other.model]}, %", 510)
    # A little room below zero: a mark on an axis is a clip that one of the two has all right.
    room = [-0.04 * top, top]
    figure.update_layout(xaxis={"range": room}, yaxis={"range": room}, hovermode="closest")
    return figure


@dataclass(frozen=True)
class _Point:
    x: float
    y: float
    label: str
    utterances: tuple[int, ...]


def _utterances(first: ModelResult, other: ModelResult) -> list[_Point]:
    places: dict[tuple[float, float], list[int]] = {}
    for index, (one, two) in enumerate(zip(first.heard, other.heard, strict=True)):
        if one.counts.wer is not None and two.counts.wer is not None:
            places.setdefault((round(100 * one.counts.wer, 3), round(100 * two.counts.wer, 3)), []).append(index)
    return [
        _Point(x, y, first.heard[at[0]].utterance.title if len(at) == 1 else f"{len(at)} utterances", tuple(at))
        for (x, y), at in places.items()
    ]


def _speakers(first: ModelResult, other: ModelResult) -> list[_Point]:
    members: dict[str, list[int]] = {}
    for index, heard in enumerate(first.heard):
        members.setdefault(heard.utterance.speaker, []).append(index)
    points = []
    for speaker, indices in members.items():
        one: WordErrors = pooled(first.heard[index].counts for index in indices)
        two: WordErrors = pooled(other.heard[index].counts for index in indices)
        if one.wer is not None and two.wer is not None:
            points.append(_Point(100 * one.wer, 100 * two.wer, f"speaker {speaker}", tuple(indices)))
    return points


def _size(number: int) -> float:
    """Return a diameter whose area grows with the number, within reason."""
    return min(34.0, 8.0 + 2.2 * math.sqrt(number - 1))
