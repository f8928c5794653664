"""The experiment's document → a table in Markdown, for the README."""

from collections.abc import Mapping
from typing import Any

_SCHEDULE = "depth"


def table(document: Mapping[str, Any]) -> str:
    """Write the results down for people.

    Args:
        document: of ``training.reproduce``, whole or so far.

    Returns:
        Markdown; WERs in percent.
    """
    lines: list[str] = []
    if document.get("merge"):
        lines += _merges(document["merge"])
    if document.get("windows"):
        lines += ["", "| dev-child, WER % | model | fit | 30 s | difference |", "|---|---|---|---|---|"]
        for pairing, rows in document["windows"].items():
            lines += [
                f"| {pairing} | {_name(model)} | {row['fit']:.2f} | {row['30']:.2f} | {_signed(row['difference'])} |"
                for model, row in rows.items()
            ]
    for result in document.get("transfer", {}).values():
        lines += [
            "",
            "| added to M1, a child model of the other speakers | dev-child WER % | difference to M1 |",
            "|---|---|---|",
        ]
        lines.append(f"| nothing | {_wer(result['models']['m1'])} | |")
        lines += [f"| {way} | {_said(judged)} |" for way, judged in result["chosen"].items()]
    return "\n".join(lines).lstrip("\n") + "\n"


def learned_table(document: Mapping[str, Any]) -> str:
    """Write down what learned curves are worth to speakers they did not learn from.

    Args:
        document: of ``training.learned_curve``, whole or so far.

    Returns:
        Markdown; WERs in percent, pooled both ways round.
    """
    lines = ["| child speech in M1 | curve | WER | against M1 | against the best λ, α |", "|---|---|---|---|---|"]
    for name, result in document["pairings"].items():
        lines.append(f"| {name} | M1 itself | {_wer(result['m1'])} | | |")
        best = result["best point"]
        lines.append(
            f"| | best λ, α ({'; '.join(best['chosen'])}) | {_wer(best)} | {_compared(best['against m1'])} | |"
        )
        for way, judged in result["learned"].items():
            said = " | ".join(_compared(judged[other]) for other in ("against m1", "against the best point"))
            lines.append(f"| | learned, by {way} | {_wer(judged)} | {said} |")
    return "\n".join(lines) + "\n"


def _merges(results: Mapping[str, Any]) -> list[str]:
    lines = [
        "| child speech in M1 | corpus | M0, 30 s | M1 | M2 | SA Merge chosen for the child | difference to M1 "
        "| SA Merge chosen for both | difference to M1 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        for corpus, models in result["models"].items():
            members = " | ".join(_wer(models[member]) for member in ("m0", "m1", "m2"))
            goals = " | ".join(_judged(result, goal, corpus) for goal in result["chosen"])
            lines.append(f"| {name} | {corpus} | {members} | {goals} |")
    return lines


def _judged(result: Mapping[str, Any], goal: str, corpus: str) -> str:
    choices = result["chosen"][goal]
    return _said(choices.get(_SCHEDULE, choices["any"])[corpus])


def _said(judged: Mapping[str, Any]) -> str:
    return f"{judged['wer']:.2f} | {_compared(judged['against m1'])}"


def _compared(verdict: Mapping[str, Any]) -> str:
    low, high = verdict["interval"]
    says = "better" if high < 0 else "worse" if low > 0 else "undecided"
    return f"{_signed(verdict['difference'])} [{_signed(low)}, {_signed(high)}], {says}"


def _wer(measured: Mapping[str, Any]) -> str:
    low, high = measured["interval"]
    return f"{measured['wer']:.2f} [{low:.1f}, {high:.1f}]"


def _signed(points: float) -> str:
    return f"{points:+.2f}".replace("-", "−")


def _name(model: str) -> str:
    return model.upper() if model in ("m1", "m2") else f"SA Merge, {model}"
