"""A trial of the needle: over a few dozen recipes, does a better needle on a few clips mean a better WER on others?

It goes on where it was stopped: what a model heard in a clip is remembered on disk, and the needle takes seconds.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.bench import Bench
from explorer.corpora.subset import subset_fingerprint
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError
from explorer.evaluation import Evaluation
from explorer.needle import MAX_CLIPS
from explorer.needles import Needles, triple_prints
from explorer.recipe import Recipe, recipe_from
from explorer.text_file import write_whole
from explorer.transcription.decoding import WINDOW_SECONDS, Halt

_DIGITS = 6
VERSION = 1


@dataclass(frozen=True)
class Trial:
    """What a trial is made of.

    Attributes:
        needle: clips the needle is read on.
        judged: other clips, which give the WER.
    """

    needle: tuple[Utterance, ...]
    judged: tuple[Utterance, ...]


def trial_recipes(triple: str) -> tuple[Recipe, ...]:
    """Return the recipes of a trial: M1's and M2's attention, straight lines, the paper's grid, single lanes."""
    listed: list[dict[str, Any]] = [
        {"schedule": "constant", "lambda": ratio} for ratio in (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
    ]
    listed += [{"schedule": "depth", "lambda": low, "alpha": alpha} for low in (0.1, 0.2, 0.3) for alpha in (0.7, 1.5)]
    listed += [
        {"schedule": "constant", "lambda": ratio, "scope": [lane]}
        for lane in ("encoder.self", "decoder.self", "decoder.cross")
        for ratio in (0.0, 0.5)
    ]
    listed += [{"schedule": "decay", "lambda": 0.3, "alpha": 0.8}, {"schedule": "power", "lambda": 0.5, "alpha": 0.5}]
    listed += [{"schedule": "constant", "lambda": 0.0, "projections": [each]} for each in ("q", "k", "v")]
    return tuple(recipe_from({"triple": triple, **entries}) for entries in listed)


def split_trial(utterances: Sequence[Utterance], clips: int = MAX_CLIPS) -> Trial:
    """Take every so manieth utterance for the needle, the rest for the WER.

    Raises:
        CorpusError: there are not twice as many as the needle takes.
    """
    told = [each for each in utterances if each.reference.strip() and (each.duration or 0) <= WINDOW_SECONDS]
    if len(told) < 2 * clips:
        raise CorpusError(f"calibrate-needle: expected at least {2 * clips} utterances, but got {len(told)}.")
    chosen = {told[index * len(told) // clips].id for index in range(clips)}
    return Trial(
        tuple(each for each in told if each.id in chosen), tuple(each for each in told if each.id not in chosen)
    )


def run_trial(needles: Needles, bench: Bench, corpus: str, trial: Trial, halt: Halt) -> Iterator[dict[str, Any]]:
    """Evaluate every recipe and read its needle.

    Args:
        needles: with the workbench.
        bench: of the triple.
        corpus: its name, for people.
        trial: the clips.
        halt: stops the work.

    Yields:
        After each batch ``{"done", "total"}``, at the end the document as it is shipped.
    """
    recipes = {f"r{number}": recipe for number, recipe in enumerate(trial_recipes(bench.spec.name))}
    first = next(iter(recipes.values()))
    workbench, needle = needles.workbench, needles.of(bench)
    decoding = workbench.decoding(first)
    state: Evaluation | None = None
    for state in workbench.evaluate(bench, trial.judged, [], first, decoding, halt, pins=recipes, alone=True):
        yield {"done": state.done, "total": state.total}
    if state is None or state.stopped or not state.done:
        return
    probe = needle.probe(trial.needle, decoding)
    points = []
    for result in state.results:
        recipe = recipes[result.model]
        value = needle.read("merge", recipe, probe, halt).value
        wer = result.counts.wer or 0.0
        points.append({"recipe": recipe.summary, "needle": round(value, _DIGITS), "wer": round(wer, _DIGITS)})
    yield {
        "version": VERSION,
        "triple": bench.spec.name,
        "triple_fingerprints": triple_prints(bench),
        "corpus": corpus,
        "utterances": state.done,
        "subset": subset_fingerprint(trial.judged),
        "clips": len(trial.needle),
        "window": decoding.window,
        "points": points,
    }


def keep_trial(path: Path, trial: dict[str, Any]) -> None:
    """Write a trial among those of other triples; an older one of the same triple goes.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = []
    kept = [each for each in found if isinstance(each, dict) and each.get("triple") != trial["triple"]]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(json.dumps([*kept, trial], indent=1, ensure_ascii=False) + "\n", path)
