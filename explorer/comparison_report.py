"""A comparison of merges as a document for JSON, for the page and for tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.candidates import REFERENCE, Candidate
from explorer.comparison import PARENTS, Comparison, judged
from explorer.evaluation import ModelResult
from explorer.halves import CrossJudgement, verdict_of
from explorer.statistics import Interval, Verdict, wer_interval

Json = dict[str, Any]
_DIGITS = 6


def comparison_document(comparison: Comparison, corpora: Sequence[str], titles: Mapping[str, str]) -> Json:
    """Describe a comparison so far; intervals and verdicts come once all corpora have been heard.

    Args:
        comparison: so far.
        corpora: names of the corpora, for people; the first is the one that merges are compared on.
        titles: of M1 and M2.
    """
    rows = [_row(comparison, name, title=titles[name]) for name in PARENTS] if comparison.evaluations else []
    rows += [_row(comparison, each.name, candidate=each) for each in comparison.candidates]
    return {
        "corpora": [
            {
                "title": title,
                "done": state.done,
                "total": state.total,
                "heard": state.hypotheses,
                "speakers": len({heard.utterance.speaker for heard in state.results[0].heard}),
                "stopped": state.stopped,
            }
            for title, state in zip(corpora, comparison.evaluations, strict=False)
        ],
        "rows": rows,
        "judged": _all_judged(comparison),
        "left_out": [*comparison.left_out, *(each for state in comparison.evaluations for each in state.problems)],
        "seconds": round(comparison.seconds, 1),
        "remaining": comparison.remaining,
        "clips": comparison.clips,
        "ended": comparison.ended,
        "stopped": comparison.stopped,
    }


def _results(comparison: Comparison, name: str) -> list[ModelResult]:
    return [result for state in comparison.evaluations for result in state.results if result.model == name]


def _row(comparison: Comparison, name: str, title: str = "", candidate: Candidate | None = None) -> Json:
    results, cost = _results(comparison, name), comparison.costs.get(name)
    seconds, clips = comparison.spent.get(name, (0.0, 0))
    row: Json = {
        "name": name,
        "method": candidate.method if candidate else None,
        "title": candidate.recipe.row.title if candidate else title,
        "settings": candidate.settings if candidate else "",
        "recipe": candidate.recipe.as_dict() if candidate else None,
        "merge_seconds": cost and round(cost.seconds, 4),
        "megabytes": cost and round(cost.megabytes, 2),
        "tensors": cost and cost.tensors,
        "decode_seconds": round(seconds, 2),
        "decoded_clips": clips,
        "wers": [_rate(result, ended=comparison.ended) for result in results],
        "against_sa": None,
        "against_m1": None,
    }
    if comparison.ended and results:
        row["against_sa"] = _against(comparison, results[0], REFERENCE)
        row["against_m1"] = _against(comparison, results[0], "m1")
    return row


def _rate(result: ModelResult, *, ended: bool) -> Json:
    wer = result.counts.wer
    interval = result.interval if ended and wer is not None else None
    return {
        "wer": None if wer is None else round(wer, _DIGITS),
        "interval": _pair(interval),
        "words": result.counts.words,
    }


def _against(comparison: Comparison, result: ModelResult, other: str) -> Json | None:
    if result.model == other:
        return None
    verdict = result.against(_results(comparison, other)[0])
    return None if verdict is None else _verdict(verdict)


def _verdict(verdict: Verdict) -> Json:
    return {
        "difference": round(verdict.difference, _DIGITS),
        "interval": _pair(verdict.interval),
        "better": verdict.better,
        "word": _word(verdict),
    }


def _word(verdict: Verdict) -> str:
    if verdict.differing == 0:
        return "the same"
    if verdict.speakers < 2 or verdict.interval.low <= 0 <= verdict.interval.high:
        return "undecided"
    return "better" if verdict.interval.high < 0 else "worse"


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(interval.low, _DIGITS), round(interval.high, _DIGITS)]


def _all_judged(comparison: Comparison) -> list[Json]:
    found = judged(comparison)
    return [
        _judged(comparison, each, None if method == REFERENCE else found[REFERENCE]) for method, each in found.items()
    ]


def _judged(comparison: Comparison, found: CrossJudgement, sa: CrossJudgement | None) -> Json:
    by_name = {each.name: each for each in comparison.candidates}
    chosen = [by_name[way.chosen] for way in found.ways]
    beside = [_results(comparison, each.name)[1].counts for each in chosen] if len(comparison.evaluations) > 1 else []
    words = sum(counts.words for counts in beside)
    return {
        "method": chosen[0].method,
        "title": chosen[0].recipe.row.title,
        "chosen": [{"name": each.name, "settings": each.settings, "recipe": each.recipe.as_dict()} for each in chosen],
        "flattering": round(sum(way.chosen_wer for way in found.ways) / len(found.ways), _DIGITS),
        "wer": round(found.wer, _DIGITS),
        "interval": _pair(wer_interval(found.tallies)),
        "against_sa": sa and _verdict(verdict_of(found.tallies, sa.tallies)),
        "against_m1": _verdict(found.verdict),
        "beside": round(sum(counts.errors for counts in beside) / words, _DIGITS) if words else None,
    }
