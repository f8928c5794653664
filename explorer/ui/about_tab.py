"""The About tab: the formula and its readings, the methods, how to read the words, where the checkpoints come from."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from explorer.config import Config
from explorer.methods import METHODS
from explorer.schedule import SCHEDULES
from explorer.ui.text import about as words


def about_tab(config: Config) -> None:
    """Lay the tab out inside the current ``gr.Tab``.

    Args:
        config: of checkpoints.yaml, whose triples are listed.
    """
    gr.Markdown(words.METHOD)
    readings = [[name, f"`{row.formula}`", row.meaning] for name, row in SCHEDULES.items()]
    gr.Markdown(_table(words.READINGS, readings))
    gr.Markdown(words.METHODS_INTRO)
    methods = [[f"[{row.title}]({row.paper})", f"`{row.equation}`", row.meaning] for row in METHODS.values()]
    gr.Markdown(_table(words.METHODS, methods))
    gr.Markdown(words.WORDS)
    gr.Markdown(words.TRIPLES)
    for spec in config.triples:
        members = [
            [member, source.repo or Path(source.name).name, source.licence, source.provenance, source.reported_wer]
            for member, source in (("M0", spec.base), ("M1", spec.m1), ("M2", spec.m2))
        ]
        gr.Markdown(words.TRIPLE.format(name=spec.name, title=spec.title))
        gr.Markdown(_table(words.MEMBERS, members))


def _table(head: Sequence[str], rows: list[list[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
