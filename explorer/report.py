"""An evaluation as documents: JSON, CSV, a few lines of text. Every number with its n, its interval and its settings.

No timings and no paths: two runs with the same inputs give the same bytes.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.details import confusions, utterance_rows
from explorer.evaluation import CHECKPOINTS, Evaluation, ModelResult
from explorer.recipe import Recipe
from explorer.statistics import BOOTSTRAP_SEED, LEVEL, RESAMPLES, Verdict
from explorer.text_rules import TextRules
from explorer.transcription.decoding import Decoding

_DIGITS = 6
_KNOWN = ("id", "speaker", "age", "gender", "duration", "split")


@dataclass(frozen=True)
class Run:
    """A finished evaluation of one corpus, with everything that its numbers depend on.

    Attributes:
        corpus: its name, for people.
        evaluation: its last state.
        titles: of the models, for people.
        settings: a line that says what every number depends on.
        recipe: of the model ``merge``.
        pins: of further merges, by model.
        decoding: options used.
        rules: how text was normalised.
        fingerprints: of every model's weights.
        subset: how the utterances were chosen, for example corpus, filter, limit and seed.
        left_out: a sentence for each entry or utterance that could not be used.
    """

    corpus: str
    evaluation: Evaluation
    titles: Mapping[str, str]
    settings: str
    recipe: Recipe
    pins: Mapping[str, Recipe]
    decoding: Decoding
    rules: TextRules
    fingerprints: Mapping[str, str]
    subset: Mapping[str, Any]
    left_out: tuple[str, ...] = ()


def evaluation_document(run: Run, *, every_utterance: bool = False) -> dict[str, Any]:
    """Describe a finished evaluation.

    Args:
        run: what was evaluated, and how.
        every_utterance: whether to add what each model heard in every utterance, and the most frequent confusions.
    """
    evaluation = run.evaluation
    results = {result.model: result for result in evaluation.results}
    utterances = evaluation.results[0].heard
    document: dict[str, Any] = {
        "corpus": dict(run.subset),
        "utterances": len(utterances),
        "speakers": len({heard.utterance.speaker for heard in utterances}),
        "ids": sorted(heard.utterance.id for heard in utterances),
        "left_out": list(run.left_out),
        "stopped": evaluation.stopped,
        "recipe": run.recipe.as_dict(),
        "pins": {name: pin.as_dict() for name, pin in run.pins.items()},
        "fingerprints": dict(run.fingerprints),
        "decoding": run.decoding.as_dict(),
        "normalizer": run.rules.kind,
        "fillers": "kept" if run.rules.keep_fillers else "dropped",
        "bootstrap": {"resamples": RESAMPLES, "seed": BOOTSTRAP_SEED, "unit": "speaker", "level": LEVEL},
        "models": {
            name: _model(result, results)
            | {"ledger": evaluation.ledger(name), "added_words_gone": evaluation.added_words_gone(name)}
            for name, result in results.items()
        },
    }
    if every_utterance:
        document["confusions"] = [
            {"reference": pair.reference, "hypothesis": pair.hypothesis, "counts": dict(pair.counts)}
            for pair in confusions(evaluation)
        ]
        document["heard"] = sorted(utterance_rows(evaluation), key=lambda row: str(row["id"]))
    return document


def csv_text(runs: Sequence[Run]) -> str:
    """Return a table with a row for each utterance, in the order of ids.

    A row has the corpus, what is known of the utterance, and of each model the hypothesis and the counts of its errors.

    Args:
        runs: of the same models.
    """
    tables = [(run.corpus, sorted(utterance_rows(run.evaluation), key=lambda row: str(row["id"]))) for run in runs]
    extra = sorted({key for _, rows in tables for row in rows for key in row["extra"]})
    models = [result.model for result in runs[0].evaluation.results]
    columns = ("hypothesis", "substitutions", "deletions", "insertions", "words")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    of_models = [f"{model} {column}" for model in models for column in columns]
    writer.writerow(["corpus", *_KNOWN, *extra, "reference", *of_models])
    for corpus, rows in tables:
        for row in rows:
            heard = [row["models"][model] for model in models]
            of_each = [value for each in heard for value in (each["text"], *each["counts"])]
            known = [row[key] for key in _KNOWN] + [row["extra"].get(key) for key in extra]
            shown_values = ["" if value is None else value for value in known]
            writer.writerow([corpus, *shown_values, row["reference"], *of_each])
    return text.getvalue()


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
    return model.upper() if model in CHECKPOINTS else model
