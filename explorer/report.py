"""An evaluation as one JSON document: every number with its n, its interval and its settings, and no timings.

Two runs with the same inputs give the same bytes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.evaluation import Evaluation, ModelResult
from explorer.recipe import Recipe
from explorer.statistics import BOOTSTRAP_SEED, LEVEL, RESAMPLES, Verdict
from explorer.text_rules import TextRules
from explorer.transcription.decoding import Decoding

_DIGITS = 6


def evaluation_document(
    evaluation: Evaluation,
    recipe: Recipe,
    decoding: Decoding,
    rules: TextRules,
    fingerprints: Mapping[str, str],
    subset: Mapping[str, Any],
) -> dict[str, Any]:
    """Describe a finished evaluation.

    Args:
        evaluation: its last state.
        recipe: of the merge.
        decoding: options used.
        rules: how text was normalised.
        fingerprints: of every model evaluated.
        subset: how the utterances were chosen, for example corpus, filter, limit and seed.
    """
    results = {result.model: result for result in evaluation.results}
    utterances = evaluation.results[0].heard
    return {
        "corpus": dict(subset),
        "utterances": len(utterances),
        "speakers": len({heard.utterance.speaker for heard in utterances}),
        "ids": sorted(heard.utterance.id for heard in utterances),
        "left_out": list(evaluation.problems),
        "stopped": evaluation.stopped,
        "recipe": recipe.as_dict(),
        "fingerprints": dict(fingerprints),
        "decoding": decoding.as_dict(),
        "normalizer": rules.kind,
        "fillers": "kept" if rules.keep_fillers else "dropped",
        "bootstrap": {"resamples": RESAMPLES, "seed": BOOTSTRAP_SEED, "unit": "speaker", "level": LEVEL},
        "ledger": evaluation.ledger,
        "models": {name: _model(result, results) for name, result in results.items()},
    }


def _model(result: ModelResult, results: Mapping[str, ModelResult]) -> dict[str, Any]:
    counts, interval = result.counts, result.interval
    others = [name for name in ("m1", "m2") if name in results and name != result.model]
    return {
        "wer": None if counts.wer is None else round(counts.wer, _DIGITS),
        "substitutions": counts.substitutions,
        "deletions": counts.deletions,
        "insertions": counts.insertions,
        "words": counts.words,
        "interval": None if interval is None else [round(interval.low, _DIGITS), round(interval.high, _DIGITS)],
        "verdicts": {name: _verdict(result.against(results[name]), result.model, name) for name in others},
    }


def _verdict(verdict: Verdict | None, model: str, other: str) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {
        "difference": round(verdict.difference, _DIGITS),
        "interval": [round(verdict.interval.low, _DIGITS), round(verdict.interval.high, _DIGITS)],
        "better": verdict.better,
        "sentence": verdict.sentence(shown(model), shown(other)),
    }


def summary_lines(evaluation: Evaluation) -> Sequence[str]:
    """Say the result in a few lines of text, for a terminal."""
    results = {result.model: result for result in evaluation.results}
    lines = []
    for name, result in results.items():
        counts, interval = result.counts, result.interval
        if counts.wer is None or interval is None:
            lines.append(f"{name:6} no reference words")
            continue
        lines.append(
            f"{name:6} WER {100 * counts.wer:6.2f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]  "
            f"S {counts.substitutions}  D {counts.deletions}  I {counts.insertions}  of {counts.words} words"
        )
        lines += [
            f"       {verdict.sentence(shown(name), shown(other))}"
            for other in ("m1", "m2")
            if other in results and other != name and (verdict := result.against(results[other]))
        ]
    return lines


def shown(model: str) -> str:
    """Return a model's name as sentences write it: M1, but merge and pin-1."""
    return model.upper() if model in ("m0", "m1", "m2") else model
