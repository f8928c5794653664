"""The paper's experiment: what each model of a triple hears in children and adults, over a grid of merges."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.bench import Bench
from explorer.checkpoints.base import TINY_EN, terminal_progress
from explorer.config import Config, Source, TripleSpec
from explorer.corpora.subset import subset_fingerprint
from explorer.corpora.utterance import Utterance
from explorer.evaluation import Evaluation
from explorer.halves import CrossJudgement, Hearing, choose_and_judge, speaker_halves, verdict_of, wer
from explorer.hypotheses import HypothesisStore
from explorer.recipe import Recipe
from explorer.schedule import ScheduleName
from explorer.statistics import Verdict, wer_interval
from explorer.transcription.decoding import Decoding, Halt
from explorer.workbench import ModelName, Workbench
from training.cells import Cell, cells_of

_FIT, _FULL = Decoding("fit"), Decoding("30")
# Spread over the grid: near M1, the paper's corner, near M2, and two that the first vectors were reported at.
WINDOW_MERGES = ((0.9, 0.5), (0.7, 0.5), (0.2, 0.8), (0.1, 0.9), (0.05, 1.5))


@dataclass(frozen=True)
class Pairing:
    """One triple of the experiment.

    Attributes:
        name: how the results call it.
        m1: file of the child's task vector.
        m2: file of the adult's, or of an augmentation's.
    """

    name: str
    m1: Path
    m2: Path


def config_of(pairings: Sequence[Pairing], base: Path | None) -> Config:
    """Make the app's configuration of triples that no file lists.

    Args:
        pairings: the triples.
        base: Hugging Face folder of the base; None: tiny.en as the app has it.
    """
    source = Source(folder=base) if base else Source(repo=TINY_EN)
    specs = tuple(
        TripleSpec(
            name=each.name,
            title=each.name,
            window="fit",
            base=source,
            m1=Source(task_vector=each.m1),
            m2=Source(task_vector=each.m2),
        )
        for each in pairings
    )
    return Config(Path("experiment"), {"triple": specs[0].name}, specs, ())


class Experiment:
    """Hears corpora with the triples of a configuration; what was heard before is not decoded again."""

    def __init__(self, config: Config, store: HypothesisStore, device: str) -> None:
        """Take the triples and a memory; ``device`` is auto, cpu or cuda."""
        self._workbench = Workbench(config, device, store)

    def grid(
        self, pairing: str, corpora: Mapping[str, Sequence[Utterance]], schedules: Sequence[ScheduleName], grid: str
    ) -> dict[str, Any]:
        """Measure M0, M1, M2 and every merge of a grid, choose and judge.

        Args:
            pairing: name of the triple.
            corpora: utterances by the corpus' name; the first one is the children's.
            schedules: to try.
            grid: a key of ``cells.GRIDS``.

        Returns:
            A document for JSON: ``models``, ``cells``, ``chosen``; WERs in percent.
        """
        bench = self._open(pairing)
        cells, merges = cells_of(pairing, bench.depths, schedules, grid)
        hearings: dict[str, Hearing] = {}
        models: dict[str, Any] = {}
        for name, utterances in corpora.items():
            models[name] = {"m0, 30 s window": self._members(bench, utterances, ["m0"], _FULL)["m0"]}
            tallies = self._hear(bench, utterances, ["m1", "m2"], merges, _FIT, f"{pairing}, {name}")
            halves = (frozenset(u.speaker for u in half) for half in speaker_halves(utterances))
            hearings[name] = Hearing(tallies, (next(halves), next(halves)))
            models[name] |= {member: _measured(tallies[member]) for member in ("m1", "m2")}
            models[name]["subset"] = subset_fingerprint(utterances)
        rows = [
            {"schedule": cell.schedule, "lambda": cell.mixing, "alpha": cell.exponent}
            | {f"{name} wer": _percent(wer(hearing.tallies[cell.merge])) for name, hearing in hearings.items()}
            for cell in cells
        ]
        return {"models": models, "cells": rows, "chosen": _choices(cells, schedules, hearings)}

    def windows(self, pairing: str, utterances: Sequence[Utterance]) -> dict[str, Any]:
        """Measure M1, M2 and five merges in a window of 30 s and in one cut to the clip.

        Returns:
            Of each model, WER in percent by window and the difference between the two.
        """
        bench = self._open(pairing)
        merges = {
            f"λ {mixing:g}, α {alpha:g}": Recipe(pairing, "sa", "depth", mixing, (alpha,))
            for mixing, alpha in WINDOW_MERGES
        }
        heard = [
            self._hear(bench, utterances, ["m1", "m2"], merges, decoding, f"{pairing}, window {decoding.window}")
            for decoding in (_FIT, _FULL)
        ]
        rates = {name: [_percent(wer(each[name])) for each in heard] for name in heard[0]}
        return {
            name: {"fit": fit, "30": full, "difference": round(fit - full, 2)} for name, (fit, full) in rates.items()
        }

    def _members(
        self, bench: Bench, utterances: Sequence[Utterance], names: Sequence[ModelName], decoding: Decoding
    ) -> dict[str, Any]:
        tallies = self._hear(bench, utterances, names, {}, decoding, ", ".join(names))
        return {name: _measured(tallies[name]) for name in names}

    def _open(self, pairing: str) -> Bench:
        with terminal_progress() as progress:
            return self._workbench.bench(pairing, progress)

    def _hear(
        self,
        bench: Bench,
        utterances: Sequence[Utterance],
        members: Sequence[ModelName],
        merges: Mapping[str, Recipe],
        decoding: Decoding,
        what: str,
    ) -> dict[str, Any]:
        recipe = Recipe(bench.spec.name)
        evaluation: Evaluation | None = None
        spoken = time.monotonic()
        for evaluation in self._workbench.evaluate(
            bench, utterances, members, recipe, decoding, Halt(), pins=dict(merges)
        ):
            now, left = time.monotonic(), evaluation.remaining
            if now - spoken > 10 and left is not None:
                spoken = now
                sys.stderr.write(f"{what}: {evaluation.done}/{evaluation.total} clips, {left / 60:.0f} minutes to go\n")
        assert evaluation is not None
        return {result.model: result.tallies for result in evaluation.results}


def _choices(
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
                name: _cross(each, labels) for name, each in zip(chosen_by, judged, strict=True)
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
    return {"wer": _percent(wer(mine)), "against m1": _verdict(verdict_of(mine, other))}


def _cross(judged: CrossJudgement, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "wer": _percent(judged.wer),
        "against m1": _verdict(judged.verdict),
        "ways": [
            {
                "chosen": labels[way.chosen],
                "wer where chosen": _percent(way.chosen_wer),
                "wer where judged": _percent(way.wer),
                "interval": [_percent(way.interval.low), _percent(way.interval.high)],
                "against m1": _verdict(way.verdict),
            }
            for way in judged.ways
        ],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "difference": _percent(verdict.difference),
        "interval": [_percent(verdict.interval.low), _percent(verdict.interval.high)],
        "better": verdict.better,
        "speakers": verdict.speakers,
        "sentence": verdict.sentence("merge", "M1"),
    }


def _measured(tallies: Sequence[Any]) -> dict[str, Any]:
    interval = wer_interval(tallies)
    assert interval is not None
    return {
        "wer": _percent(wer(tallies)),
        "interval": [_percent(interval.low), _percent(interval.high)],
        "errors": sum(each.errors for each in tallies),
        "words": sum(each.words for each in tallies),
        "clips": len(tallies),
        "speakers": len({each.speaker for each in tallies}),
    }


def _percent(fraction: float) -> float:
    return round(100 * fraction, 2)
