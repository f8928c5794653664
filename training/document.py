"""What was measured → the parts of the experiment's document: plain values, WERs in percent, fit for JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.halves import CrossJudgement, Hearing, choose_and_judge, verdict_of, wer
from explorer.schedule import ScheduleName
from explorer.statistics import Tally, Verdict, wer_interval
from training.cells import Cell


def choices(
    cells: Sequence[Cell], schedules: Sequence[ScheduleName], hearings: Mapping[str, Hearing]
) -> dict[str, Any]:
    """Choose within every schedule and among all, for the child alone and for all corpora together."""
    labels = {"m1": "M1 itself"} | {cell.merge: cell.label for cell in reversed(cells)}
    child = next(iter(hearings))
    goals = {f"lowest {child} WER": {child: hearings[child]}}
    if len(hearings) > 1:
        goals["lowest mean WER"] = dict(hearings)
    found: dict[str, Any] = {}
    for goal, chosen_by in goals.items():
        for schedule in (*schedules, "any"):
            names = dict.fromkeys(["m1", *(cell.merge for cell in cells if schedule in (cell.schedule, "any"))])
            judged = choose_and_judge(list(chosen_by.values()), list(names))
            ways = [each.chosen for each in judged[0].ways]
            found.setdefault(goal, {})[schedule] = {
                name: cross(each, labels) for name, each in zip(chosen_by, judged, strict=True)
            } | {
                # What the choice costs or gives where it did not look.
                name: _elsewhere(hearing, ways)
                for name, hearing in hearings.items()
                if name not in chosen_by
            }
    return found


def _elsewhere(hearing: Hearing, chosen: Sequence[str]) -> dict[str, Any]:
    mine = [each for half, name in enumerate(chosen) for each in hearing.of(name, 1 - half)]
    other = [each for half in (0, 1) for each in hearing.of("m1", 1 - half)]
    return {"wer": percent(wer(mine)), "against m1": verdict_row(verdict_of(mine, other))}


def cross(judged: CrossJudgement, labels: Mapping[str, str]) -> dict[str, Any]:
    """Tell what was chosen on either half of the speakers and what it was worth on the other.

    Args:
        judged: both ways round.
        labels: of each candidate, what readers call it.
    """
    return {
        "wer": percent(judged.wer),
        "against m1": verdict_row(judged.verdict),
        "ways": [
            {
                "chosen": labels[way.chosen],
                "wer where chosen": percent(way.chosen_wer),
                "wer where judged": percent(way.wer),
                "interval": [percent(way.interval.low), percent(way.interval.high)],
                "against m1": verdict_row(way.verdict),
            }
            for way in judged.ways
        ],
    }


def verdict_row(verdict: Verdict, other: str = "M1") -> dict[str, Any]:
    """Return the difference of two models with its interval and what it says."""
    return {
        "difference": percent(verdict.difference),
        "interval": [percent(verdict.interval.low), percent(verdict.interval.high)],
        "better": verdict.better,
        "speakers": verdict.speakers,
        "sentence": verdict.sentence("merge", other),
    }


def measured(tallies: Sequence[Tally]) -> dict[str, Any]:
    """Return a model's WER with its interval and the counts behind it."""
    interval = wer_interval(tallies)
    assert interval is not None
    return {
        "wer": percent(wer(tallies)),
        "interval": [percent(interval.low), percent(interval.high)],
        "errors": sum(each.errors for each in tallies),
        "words": sum(each.words for each in tallies),
        "clips": len(tallies),
        "speakers": len({each.speaker for each in tallies}),
    }


def percent(fraction: float) -> float:
    """Return a fraction in percent, with two decimals."""
    return round(100 * fraction, 2)
