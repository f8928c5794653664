"""The paper's experiment: what each model of a triple hears in children and adults, over a grid of merges."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from explorer.addition import Addition
from explorer.bench import Bench
from explorer.checkpoints.base import TINY_EN, terminal_progress
from explorer.config import Config, Source, TripleSpec
from explorer.corpora.subset import subset_fingerprint
from explorer.corpora.utterance import Utterance
from explorer.evaluation import Evaluation, Heard
from explorer.halves import Hearing, choose_and_judge, speaker_halves, wer
from explorer.hypotheses import HypothesisStore
from explorer.recipe import Recipe
from explorer.schedule import ScheduleName
from explorer.statistics import Tally
from explorer.transcription.decoding import Decoding, Halt, Precision
from explorer.workbench import ModelName, Workbench
from training.cells import cells_of
from training.document import choices, cross, measured, percent

_FIT, _FULL = Decoding("fit"), Decoding("30")
BETAS = (0.2, 0.5, 1.0)
# Spread over the grid: near M1, the paper's corner, near M2, and two that the first vectors were reported at.
WINDOW_MERGES = ((0.9, 0.5), (0.7, 0.5), (0.2, 0.8), (0.1, 0.9), (0.05, 1.5))


@dataclass(frozen=True)
class Pairing:
    """One triple of the experiment.

    Attributes:
        name: how the results call it.
        m1: file of the child's task vector.
        m2: file of the adult's, or of the other children's.
        further: files of task vectors that recipes may add.
    """

    name: str
    m1: Path
    m2: Path
    further: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Return all files of the pairing."""
        return (self.m1, self.m2, *self.further)


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
            vectors={file.stem: Source(task_vector=file) for file in each.further},
        )
        for each in pairings
    )
    return Config(Path("experiment"), {"triple": specs[0].name}, specs, ())


class Experiment:
    """Hears corpora with the triples of a configuration; what was heard before is not decoded again."""

    def __init__(
        self, config: Config, store: HypothesisStore | None, device: str, precision: Precision = "float32"
    ) -> None:
        """Take the triples and a memory, if any; ``device`` is auto, cpu or cuda."""
        self._precision: Precision = precision
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
        bench = self.open(pairing)
        cells, merges = cells_of(pairing, bench.depths, schedules, grid)
        hearings: dict[str, Hearing] = {}
        models: dict[str, Any] = {}
        for name, utterances in corpora.items():
            tallies = self._hear(bench, utterances, ["m0", "m1", "m2"], merges, _FIT, f"{pairing}, {name}")
            halves = (frozenset(u.speaker for u in half) for half in speaker_halves(utterances))
            hearings[name] = Hearing(tallies, (next(halves), next(halves)))
            models[name] = {member: measured(tallies[member]) for member in ("m0", "m1", "m2")}
            models[name]["subset"] = subset_fingerprint(utterances)
        rows = [
            {"schedule": cell.schedule, "lambda": cell.mixing, "alpha": cell.exponent}
            | {f"{name} wer": percent(wer(hearing.tallies[cell.merge])) for name, hearing in hearings.items()}
            for cell in cells
        ]
        return {"models": models, "cells": rows, "chosen": choices(cells, schedules, hearings)}

    def windows(self, pairing: str, utterances: Sequence[Utterance]) -> dict[str, Any]:
        """Measure M1, M2 and five merges in a window of 30 s and in one cut to the clip.

        Returns:
            Of each model, WER in percent by window and the difference between the two.
        """
        bench = self.open(pairing)
        merges = {
            f"λ {mixing:g}, α {alpha:g}": Recipe(pairing, "sa", "depth", mixing, (alpha,))
            for mixing, alpha in WINDOW_MERGES
        }
        heard = [
            self._hear(bench, utterances, ["m1", "m2"], merges, decoding, f"{pairing}, window {decoding.window}")
            for decoding in (_FIT, _FULL)
        ]
        rates = {name: [percent(wer(each[name])) for each in heard] for name in heard[0]}
        return {
            name: {"fit": fit, "30": full, "difference": round(fit - full, 2)} for name, (fit, full) in rates.items()
        }

    def transfer(self, pairing: Pairing, utterances: Sequence[Utterance]) -> dict[str, Any]:
        """Add task vectors of some children to a model of others: does what augmentation taught carry over?

        A vector is added whole, β·τ, and without what its speakers taught it: β·(τ with augmentation − τ without).

        Args:
            pairing: M1 of one half of the speakers, M2 of the other half, and further vectors of that other half.
            utterances: of children that no model was trained on.

        Returns:
            A document for JSON: ``models``, ``cells``, and what was ``chosen`` of each way of adding; WERs in percent.
        """
        bench = self.open(pairing.name)
        ways: dict[str, tuple[tuple[str, float], ...]] = {
            f"{file.stem}, whole": ((file.stem, 1.0),) for file in pairing.further
        }
        ways |= {f"{file.stem}, augmentation alone": ((file.stem, 1.0), ("m2", -1.0)) for file in pairing.further}
        ways = {f"{pairing.m2.stem}, whole": (("m2", 1.0),), **ways}
        adding = {
            f"{way}, β {beta:g}": (way, beta, _with_vectors(pairing.name, terms, beta))
            for way, terms in ways.items()
            for beta in BETAS
        }
        merges = {name: recipe for name, (_, _, recipe) in adding.items()}
        tallies = self._hear(bench, utterances, ["m1", "m2"], merges, _FIT, pairing.name)
        halves = [frozenset(u.speaker for u in half) for half in speaker_halves(utterances)]
        hearing = Hearing(tallies, (halves[0], halves[1]))
        labels = {"m1": "M1 itself"} | {name: f"β {beta:g}" for name, (_, beta, _) in adding.items()}
        chosen = {
            way: cross(
                choose_and_judge([hearing], ["m1", *(n for n, (its, _, _) in adding.items() if its == way)])[0], labels
            )
            for way in ways
        }
        cells = [
            {"added": way, "beta": beta, "wer": percent(wer(tallies[name]))} for name, (way, beta, _) in adding.items()
        ]
        return {"models": {m: measured(tallies[m]) for m in ("m1", "m2")}, "cells": cells, "chosen": chosen}

    def open(self, pairing: str) -> Bench:
        """Open the triple of a pairing."""
        with terminal_progress() as progress:
            return self._workbench.bench(pairing, progress)

    def heard(
        self, pairing: str, utterances: Sequence[Utterance], merges: Mapping[str, Recipe], *, with_others: bool
    ) -> dict[str, Sequence[Heard]]:
        """Return what M1 and merges hear, M0 and M2 too if asked."""
        bench = self.open(pairing)
        members: list[ModelName] = ["m0", "m1", "m2"] if with_others else ["m1"]
        evaluation = self._evaluated(bench, utterances, members, merges, _FIT, pairing)
        return {result.model: result.heard for result in evaluation.results}

    def _hear(
        self,
        bench: Bench,
        utterances: Sequence[Utterance],
        members: Sequence[ModelName],
        merges: Mapping[str, Recipe],
        decoding: Decoding,
        what: str,
    ) -> dict[str, Sequence[Tally]]:
        evaluation = self._evaluated(bench, utterances, members, merges, decoding, what)
        return {result.model: result.tallies for result in evaluation.results}

    def _evaluated(
        self,
        bench: Bench,
        utterances: Sequence[Utterance],
        members: Sequence[ModelName],
        merges: Mapping[str, Recipe],
        decoding: Decoding,
        what: str,
    ) -> Evaluation:
        recipe = Recipe(bench.spec.name)
        decoding = replace(decoding, precision=self._precision)
        evaluation: Evaluation | None = None
        spoken = time.monotonic()
        for evaluation in self._workbench.evaluate(
            bench, utterances, members, recipe, decoding, Halt(), pins=dict(merges), alone=True
        ):
            now, left = time.monotonic(), evaluation.remaining
            if now - spoken > 10 and left is not None:
                spoken = now
                sys.stderr.write(f"{what}: {evaluation.done}/{evaluation.total} clips, {left / 60:.0f} minutes to go\n")
        assert evaluation is not None
        return evaluation


def _with_vectors(triple: str, terms: Sequence[tuple[str, float]], beta: float) -> Recipe:
    """Return M1 with task vectors added."""
    added = tuple(Addition(vector, beta * factor) for vector, factor in terms)
    return Recipe(triple, "sa", "constant", 1.0, add=added)
