"""The document of a comparison as tables: aligned for a terminal, in Markdown for a README."""

from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]
Column = tuple[str, Callable[[Json], str]]

FLATTERS = (
    "The best of a grid on the clips it was chosen on flatters: it was chosen for what chance did there, too. So each "
    "method is chosen on one half of the speakers and judged on the other, both ways round; SA Merge as well."
)
TIMES = (
    "Merge: seconds on one thread to write the merge starting from M1, and megabytes of the tensors written. Decode: "
    "seconds of decoding, features and merging aside; – where all was remembered."
)


def text_tables(document: Json) -> list[str]:
    """Write a comparison in lines for a terminal."""
    lines = _aligned(_columns(document), document["rows"])
    if document["judged"]:
        lines += ["", FLATTERS, *_aligned(_judged_columns(document), document["judged"])]
    return [*lines, "", TIMES]


def markdown(document: Json) -> str:
    """Write a comparison as Markdown: what was chosen and judged fairly, then every merge."""
    corpora = [f"{each['title']} ({each['done']} clips, {each['speakers']} speakers)" for each in document["corpora"]]
    lines = [f"{', beside it '.join(corpora)}. {document['settings']}", ""]
    if document["judged"]:
        lines += [FLATTERS, "", *_piped(_judged_columns(document), document["judged"]), ""]
    lines += [*_piped(_columns(document), document["rows"]), "", TIMES]
    lines += [f"Left out: {each}" for each in document["left_out"]]
    return "\n".join(lines) + "\n"


def _columns(document: Json) -> list[Column]:
    titles = [each["title"] for each in document["corpora"]]
    rates: list[Column] = [(f"WER %, {title}", _rate_at(place)) for place, title in enumerate(titles)]
    return [
        ("merge", lambda row: row["title"]),
        ("settings", lambda row: row["settings"]),
        *rates[:1],
        ("against SA Merge", lambda row: _verdict(row["against_sa"])),
        ("against M1", lambda row: _verdict(row["against_m1"])),
        *rates[1:],
        ("merge s", lambda row: _number(row["merge_seconds"], 3)),
        ("MB", lambda row: _number(row["megabytes"], 1)),
        ("decode s", lambda row: _number(row["decode_seconds"] if row["decoded_clips"] else None, 1)),
    ]


def _judged_columns(document: Json) -> list[Column]:
    titles = [each["title"] for each in document["corpora"]]
    beside: list[Column] = [(f"WER %, {title}", lambda row: _percent(row["beside"])) for title in titles[1:]]
    return [
        ("method", lambda row: row["title"]),
        (f"WER %, {titles[0]}", lambda row: _rate([row])),
        ("against SA Merge", lambda row: _verdict(row["against_sa"])),
        ("against M1", lambda row: _verdict(row["against_m1"])),
        *beside,
        ("WER % where it was chosen", lambda row: _percent(row["flattering"])),
        ("chosen by either half", lambda row: " / ".join(dict.fromkeys(each["settings"] for each in row["chosen"]))),
    ]


def _aligned(columns: Sequence[Column], rows: Sequence[Json]) -> list[str]:
    cells = [[name for name, _ in columns], *([cell(row) for _, cell in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _piped(columns: Sequence[Column], rows: Sequence[Json]) -> list[str]:
    cells = [
        [name for name, _ in columns],
        ["---"] * len(columns),
        *([cell(row) for _, cell in columns] for row in rows),
    ]
    return ["| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in cells]


def _rate_at(place: int) -> Callable[[Json], str]:
    return lambda row: _rate(row["wers"][place : place + 1])


def _rate(rates: Sequence[Json]) -> str:
    if not rates or rates[0]["wer"] is None:
        return "–"
    interval = rates[0]["interval"]
    shown = f" [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]" if interval else ""
    return f"{_percent(rates[0]['wer'])}{shown}"


def _verdict(verdict: Json | None) -> str:
    if verdict is None:
        return "–"
    low, high = (100 * bound for bound in verdict["interval"])
    return f"{100 * verdict['difference']:+.1f} [{low:+.1f}, {high:+.1f}] {verdict['word']}".replace("-", "−")


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * rate:.1f}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
