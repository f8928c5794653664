"""The use cases of the needle: read it, calibrate it with what evaluations find, say how far it can be trusted."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from explorer.bench import Bench
from explorer.checkpoints.cache import cache_folder
from explorer.checkpoints.triple import MEMBERS
from explorer.corpora.manifest import read_manifest
from explorer.corpora.utterance import Utterance
from explorer.errors import ExplorerError
from explorer.needle import MAX_CLIPS, Needle, Probe
from explorer.needle_record import Agreement, NeedleRecord, Point, agreement
from explorer.recipe import Recipe
from explorer.report import Run
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError
from explorer.workbench import Workbench

SHIPPED = Path("assets") / "needle.json"  # beside checkpoints.yaml
FEW_PAIRS = 10  # fewer recorded pairs than these say nothing
RECORD_SECONDS = 60.0
# A transcription lets go of the models for less than this between two of them.
QUIET_SECONDS, PATIENCE_SECONDS = 0.1, 2.0
_WAYS_GIVEN = 3  # then the needle takes its turns like everybody: else two visitors would keep a third from reading it


@dataclass(frozen=True)
class Values:
    """What the needle stands between.

    Attributes:
        merge: nats per token of the reference; smaller is better.
        m1: of M1 on the same clips.
        m2: of M2 on the same clips.
        tokens: how many there are, each clip's end included.
    """

    merge: float
    m1: float
    m2: float
    tokens: int


class Needles:
    """One needle for each open triple, and the record they are calibrated with."""

    def __init__(self, workbench: Workbench, folder: Path | None = None) -> None:
        """Take the workbench.

        Args:
            workbench: of the page or the command line.
            folder: where recorded pairs are kept; by default the app's cache.
        """
        self.workbench = workbench
        self.record = NeedleRecord(folder or cache_folder())
        self._needles: WeakKeyDictionary[Bench, Needle] = WeakKeyDictionary()
        self._guard = threading.Lock()

    def of(self, bench: Bench) -> Needle:
        """Return the needle of an open triple."""
        with self._guard:
            if bench not in self._needles:
                self._needles[bench] = Needle(bench)
            return self._needles[bench]

    def samples(self) -> list[Utterance]:
        """Return the sample clips, as many as a needle takes: the first of checkpoints.yaml's corpora."""
        folders = [corpus.path for corpus in self.workbench.config.corpora[:1] if corpus.path]
        found = [each for folder in folders for each in read_manifest(folder).utterances if each.reference.strip()]
        return found[:MAX_CLIPS]

    def values(self, bench: Bench, recipe: Recipe, utterances: Sequence[Utterance], halt: Halt) -> Values:
        """Read the merge, and M1 and M2 where they were not read before; who is being listened for goes first.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
            ExplorerError: a clip cannot be told, or the recipe does not fit.
        """
        needle = self.of(bench)
        probe = needle.probe(utterances, self.workbench.decoding(recipe))

        def given_way() -> bool:
            halt.check()
            return bench.live.wanted

        def read(asked: Halt) -> Values:
            merge = needle.read("merge", recipe, probe, asked)
            first, second = (needle.read(member, recipe, probe, asked, keep=False) for member in ("m1", "m2"))
            return Values(merge.value, first.value, second.value, merge.tokens)

        for _ in range(_WAYS_GIVEN):
            # Behind a long work nothing is ever quiet.
            if not bench.live.quiet(QUIET_SECONDS, PATIENCE_SECONDS):
                break
            try:
                return read(replace(halt, cancelled=given_way))
            except InterruptedDecodingError:
                halt.check()  # whoever waits goes first; of the merge, what was computed is kept
        return read(halt)

    def note(self, bench: Bench, run: Run) -> int:
        """Record the needle of every model of a finished evaluation beside its WER; return how many were.

        What goes wrong here must not touch the evaluation: then nothing is recorded.
        """
        points = []
        merges = {"merge": run.recipe, **run.pins}
        with contextlib.suppress(ExplorerError):
            needle, halt = self.of(bench), Halt.after(RECORD_SECONDS)
            probe = needle.probe(self.samples(), run.decoding)
            named = _setting(probe, run.decoding, str(run.subset.get("fingerprint")), run.rules.summary)
            for result in run.evaluation.results:
                wer, recipe = result.counts.wer, merges.get(result.model, run.recipe)
                if wer is not None:
                    reading = needle.read("merge" if result.model in merges else result.model, recipe, probe, halt)
                    weights = run.fingerprints[result.model]
                    points.append(Point(triple_prints(bench), named, weights, reading.value, wer))
        self.record.add(points)
        return len(points)

    def trust(self, bench: Bench) -> list[str]:
        """Say how far the needle of a triple can be trusted: what was shipped, and what was recorded here."""
        prints = triple_prints(bench)
        said = [] if (shipped := shipped_trial(self._shipped(), prints)) is None else [trial_sentence(shipped)]
        recorded = agreement(self.record.points(prints))
        if recorded.pairs >= FEW_PAIRS:
            said.append(recorded.says("models", "evaluated on this machine"))
        return said

    def shipped_path(self) -> Path:
        """Return where the shipped trials lie."""
        return self.workbench.config.path.parent / SHIPPED

    def _shipped(self) -> list[dict[str, Any]]:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self.shipped_path().read_text(encoding="utf-8"))
            if isinstance(found, list):
                return [each for each in found if isinstance(each, dict)]
        return []


def triple_prints(bench: Bench) -> str:
    """Name a triple by the fingerprints of its members."""
    return "/".join(bench.live.fingerprint(member) for member in MEMBERS)


def shipped_trial(trials: Sequence[dict[str, Any]], prints: str) -> dict[str, Any] | None:
    """Find the trial of a triple; one of other weights says nothing about these."""
    return next((each for each in trials if each.get("triple_fingerprints") == prints), None)


def trial_agreement(trial: dict[str, Any]) -> Agreement:
    """Count the pairs of a trial."""
    rows = enumerate(trial["points"])
    return agreement(Point("", "", str(number), float(row["needle"]), float(row["wer"])) for number, row in rows)


def trial_sentence(trial: dict[str, Any]) -> str:
    """Say what a trial found."""
    place = f"on {trial['utterances']} clips of {trial['corpus']} (needle: {trial['clips']} others)"
    return trial_agreement(trial).says("recipes", place)


def _setting(probe: Probe, decoding: Decoding, subset: str, rules: str) -> str:
    named = json.dumps([probe.key, decoding.as_dict(), subset, rules], sort_keys=True)
    return hashlib.sha256(named.encode()).hexdigest()[:16]
