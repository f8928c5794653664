"""Evaluations as files: JSON for programs, CSV for spreadsheets, HTML for people. Written beside, then renamed."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from explorer.errors import ConfigError
from explorer.report import Run, csv_text, evaluation_document
from explorer.report_page import html_text
from explorer.text_file import check_place

ReportKind = Literal["json", "csv", "html"]


def report_kind(path: Path) -> ReportKind:
    """Tell the kind of report from a file's ending, and that the file can be written.

    Raises:
        ConfigError: another ending, or no folder to write to.
    """
    check_place(path)
    kinds: tuple[ReportKind, ...] = get_args(ReportKind)
    for kind in kinds:
        if path.suffix.lower() == f".{kind}":
            return kind
    raise ConfigError(f"{path.name}: expected a report that ends in .json, .csv or .html.")


def report_text(runs: Sequence[Run], kind: ReportKind) -> str:
    """Return a report's text.

    Args:
        runs: at least one, all of the same models.
        kind: of report. No kind has any audio in it.
    """
    if kind == "csv":
        return csv_text(runs)
    if kind == "html":
        return html_text(runs)
    documents = [evaluation_document(run, every_utterance=True) for run in runs]
    return json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False) + "\n"


def write_report(runs: Sequence[Run], path: Path) -> None:
    """Write a report; a file of that name is replaced once the new one is whole.

    Raises:
        ConfigError: another ending, or the file cannot be written.
    """
    text = report_text(runs, report_kind(path))
    try:
        # Transcripts of licensed corpora are their licensee's: like the temporary file, only this user may read it.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.absolute().parent, delete=False) as beside:
            beside.write(text)
        Path(beside.name).replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); free space or choose another.") from error
