"""An evaluation as what the browser draws, on the page and in a report: plain values, no markup."""

from collections.abc import Mapping
from typing import Any

from explorer.details import confusions, utterance_rows
from explorer.evaluation import CHECKPOINTS, Evaluation
from explorer.scoring import WordErrors

Json = dict[str, Any]


def counts_json(counts: WordErrors) -> Json:
    """Return pooled counts and their WER (a fraction, or None without reference words)."""
    return {
        "substitutions": counts.substitutions,
        "deletions": counts.deletions,
        "insertions": counts.insertions,
        "words": counts.words,
        "wer": counts.wer,
    }


def summary(evaluation: Evaluation, corpus: str, titles: Mapping[str, str], settings: str) -> Json:
    """Return the table of an evaluation so far; verdicts and ledgers once it has ended.

    Args:
        evaluation: so far.
        corpus: its name, for people.
        titles: of the models.
        settings: what stands beside every number: decoding, normaliser, subset.
    """
    ended = evaluation.ended
    speakers = len({heard.utterance.speaker for heard in evaluation.results[0].heard})
    results = {result.model: result for result in evaluation.results}
    rows, verdicts, ledgers, gone = [], [], {}, {}
    for name, result in results.items():
        interval = result.interval if speakers > 1 else None  # one speaker says nothing about others
        row = {"model": name, "title": titles[name], "interval": interval and [interval.low, interval.high]}
        rows.append(row | counts_json(result.counts))
        if name in CHECKPOINTS or not ended or not evaluation.done:
            continue
        for other in ("m1", "m2"):
            if other in results and (verdict := result.against(results[other])):
                verdicts.append(verdict.sentence(titles[name], titles[other]))
        ledger = evaluation.ledger(name)
        if ledger is not None:
            ledgers[name] = ledger
            gone[name] = evaluation.added_words_gone(name)
    return {
        "corpus": corpus,
        "running": not ended,
        "done": evaluation.done,
        "total": evaluation.total,
        "seconds": evaluation.seconds,
        "remaining": evaluation.remaining,
        "speakers": speakers,
        "settings": settings,
        "rows": rows,
        "verdicts": verdicts,
        "ledgers": ledgers,
        "gone": gone,
        "problems": list(evaluation.problems),
    }


def closer_look(evaluation: Evaluation, titles: Mapping[str, str]) -> Json:
    """Return what the table of utterances is made of; its marks name utterances by their place in ``utterances``."""
    return {
        "models": [{"name": result.model, "title": titles[result.model]} for result in evaluation.results],
        "utterances": utterance_rows(evaluation),
        "confusions": [
            {
                "reference": pair.reference,
                "hypothesis": pair.hypothesis,
                "counts": dict(pair.counts),
                "utterances": list(pair.utterances),
            }
            for pair in confusions(evaluation)
        ],
    }
