"""A sweep's file → the map as plain values: rates, intervals, verdicts, the best cell, the Pareto front."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from explorer.halves import Hearing, choose_and_judge, shuffled_names
from explorer.statistics import Tally, compare, wer_interval
from explorer.sweep.file import PARENTS, Row, SweepFile

Json = dict[str, Any]
FLATTERS = (
    "A best cell chosen on the clips it is shown on flatters: of many cells the luckiest looks best. Judge it on other "
    "speakers."
)
_COLUMNS = ("x", "y", "state", "wer", "low", "high", "clips", "difference", "undecided", "adult_wer", "front", "says")


class Mapper:
    """Makes the map of a file again and again while it is filled; what has not changed is not computed again."""

    def __init__(self, file: SweepFile) -> None:
        """Take a file."""
        self._file = file
        self._about = file.about()
        self._corpora = len(file.clips())
        self._known: dict[tuple[int, tuple[int, ...]], Json] = {}

    def document(self, *, judged: bool = False) -> Json:
        """Return the map so far.

        Args:
            judged: choose on one half of the speakers and judge on the other as well.
        """
        rows = {row.number: row for row in self._file.rows()}
        heard = {
            number: [self._file.heard(number, corpus) for corpus in range(self._corpora)]
            for number, row in rows.items()
            if row.state in ("done", "stopped", "waiting")
        }
        parents = {name: heard[number] for name, number in PARENTS.items()}
        cells = [self._cell(row, heard, rows) for number, row in sorted(rows.items()) if number >= 0]
        _mark_front(cells)
        complete = [cell for cell in cells if cell["state"] == "done" and cell["wer"] is not None]
        best = min(complete, key=lambda cell: cell["wer"], default=None)
        settled = sum(row.state != "waiting" for row in rows.values())
        return self._about | {
            "cells": cells,
            "best": best and best["number"],
            "m1": _rates(parents["m1"]),
            "m2": _rates(parents["m2"]),
            "settled": settled,
            "total": len(rows),
            "ended": settled == len(rows),
            "judged": _judged(complete, heard) if judged else None,
        }

    def _cell(self, row: Row, heard: Mapping[int, list[list[Tally]]], rows: Mapping[int, Row]) -> Json:
        source = row.same_as if row.state == "same" and row.same_as is not None else row.number
        mine, first = heard.get(source, []), heard[PARENTS["m1"]]
        key = (source, tuple(len(each) for each in (*mine, *first)))
        if key not in self._known:
            self._known[key] = _numbers(mine, first) if mine else _rates([])
        cell = {name: getattr(row, name) for name in ("number", "x", "y", "state", "same_as", "says")}
        cell |= {"fingerprint": row.fingerprint or rows[source].fingerprint, "recipe": dict(row.recipe)}
        return cell | self._known[key]


def _rates(heard: Sequence[Sequence[Tally]]) -> Json:
    child = heard[0] if heard else []
    interval = wer_interval(child) if len({tally.speaker for tally in child}) > 1 else None
    return {
        "wer": _wer(child),
        "low": interval and interval.low,
        "high": interval and interval.high,
        "clips": len(child),
        "adult_wer": _wer(heard[1]) if len(heard) > 1 else None,
    }


def _numbers(heard: Sequence[Sequence[Tally]], first: Sequence[Sequence[Tally]]) -> Json:
    """Return rates, and the comparison with M1 on the clips that both have heard."""
    both = min(len(heard[0]), len(first[0]))
    verdict = compare(heard[0][:both], first[0][:both]) if both else None
    undecided = verdict is not None and verdict.interval.low <= 0 <= verdict.interval.high
    return _rates(heard) | {
        "difference": verdict and verdict.difference,
        "difference_low": verdict and verdict.interval.low,
        "difference_high": verdict and verdict.interval.high,
        "undecided": undecided,
    }


def _wer(tallies: Sequence[Tally]) -> float | None:
    words = sum(tally.words for tally in tallies)
    return sum(tally.errors for tally in tallies) / words if words else None


def _mark_front(cells: Sequence[Json]) -> None:
    """Mark the cells that no other beats on both corpora; without a second corpus there are none."""
    there = [cell for cell in cells if cell["state"] == "done" and cell["adult_wer"] is not None]
    for cell in cells:
        mine = (cell["wer"], cell["adult_wer"])
        cell["front"] = cell in there and not any(
            other["wer"] <= mine[0] and other["adult_wer"] <= mine[1] and (other["wer"], other["adult_wer"]) != mine
            for other in there
        )


def _judged(complete: Sequence[Json], heard: Mapping[int, list[list[Tally]]]) -> Json | None:
    """Choose among the complete cells on one half of the speakers and judge on the other, both ways."""
    first = heard[PARENTS["m1"]][0]
    names = shuffled_names({tally.speaker for tally in first}, seed=0)
    halves = frozenset(names[::2]), frozenset(names[1::2])
    tallies = {str(cell["number"]): heard[cell["number"]][0] for cell in complete} | {"m1": first}
    hearing = Hearing(tallies, halves)
    whole = all(len(each) == len(first) for each in tallies.values())
    if not complete or not whole or not all(sum(t.words for t in hearing.of("m1", half)) for half in (0, 1)):
        return None
    (cross,) = choose_and_judge([hearing], [name for name in tallies if name != "m1"])
    return {
        "wer": cross.wer,
        "difference": cross.verdict.difference,
        "low": cross.verdict.interval.low,
        "high": cross.verdict.interval.high,
        "chosen": [int(way.chosen) for way in cross.ways],
    }


def as_csv(document: Json) -> str:
    """Return a row for each cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    x, y = document["x"], document["y"]
    writer.writerow([x["name"], y["name"], *_COLUMNS[2:], "fingerprint"])
    for cell in document["cells"]:
        values = (x["values"][cell["x"]], y["values"][cell["y"]])
        writer.writerow([*values, *(cell.get(name) for name in _COLUMNS[2:]), cell["fingerprint"]])
    return text.getvalue()


def best_sentence(document: Json) -> str:
    """Say which cell is best so far, and how sure that is."""
    if document["best"] is None:
        return "No cell is complete yet."
    cell = document["cells"][document["best"]]
    x, y = document["x"], document["y"]
    place = f"{x['name']} {x['values'][cell['x']]:g}, {y['name']} {y['values'][cell['y']]:g}"
    interval = "" if cell["low"] is None else f" [{100 * cell['low']:.1f}, {100 * cell['high']:.1f}]"
    against = ""
    if cell["difference"] is not None:
        points, low, high = (100 * cell[name] for name in ("difference", "difference_low", "difference_high"))
        not_told = "; not distinguishable from M1" if cell["undecided"] else ""
        against = f", {points:+.1f} [{low:+.1f}, {high:+.1f}] points against M1{not_told}".replace("-", "−")
    so_far = "" if document["ended"] else " so far"
    return f"Best{so_far}: {place}: WER {100 * cell['wer']:.1f} %{interval}{against}."
