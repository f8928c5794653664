"""What the Anatomy tab does when asked: a triple's task vectors measured once, then figures and what they say."""

import time
from collections.abc import Iterator
from typing import Any, TypeVar

import gradio as gr

from explorer.charts.anatomy import cosines_chart, energy_chart, heads_chart, measure_chart
from explorer.measures import DEFAULT_MEASURE, MEASURES
from explorer.reading import (
    Document,
    cells,
    cosines_reading,
    energy_reading,
    head_cells,
    heads_reading,
    measure_reading,
)
from explorer.ui.long_work import fault
from explorer.ui.opening import Opening
from explorer.ui.sent import Sent, entry, recipe_entries
from explorer.ui.text import anatomy as words
from explorer.ui.text import common

HEADS = {common.TAU_1: "m1", common.TAU_2: "m2"}
_Known = TypeVar("_Known")
# Below the notice: the box of all figures, then each figure with what leads on from it and what it says.
_FIGURES = 11


class Looking:
    """The Anatomy tab's handlers; one object serves everyone."""

    def __init__(self, opening: Opening) -> None:
        """Take the opening of the workbench."""
        self._opening = opening
        self._measured: dict[str, Document] = {}  # by triple: as many as checkpoints.yaml names, some kilobytes each

    def open(self, panel: Sent, shown: Sent, measure: Sent, heads: Sent) -> Iterator[tuple[object, ...]]:
        """Show the triple that is chosen on Explore; what is shown already stays as it is.

        Args:
            panel: the recipe.
            shown: the notice, which knows whose figures are on the page.
            measure: that is chosen.
            heads: whose heads are chosen.
        """
        unchanged = [gr.skip()] * _FIGURES
        try:
            triple = str(recipe_entries(panel).get("triple"))
            if entry(shown, "state") == "done" and entry(shown, "triple") == triple:
                yield gr.skip(), *unchanged
                return
            title = self._opening.config.triple(triple).title
            if triple not in self._measured:
                # The figures of another triple must not stand below this one's name.
                opened = words.OPENED.format(triple=title)
                yield _notice("loading", opened), gr.update(visible=False), *unchanged[1:]
                for says in self._opening.told(opened, lambda: self._measure(triple)):
                    yield _notice("loading", says), *unchanged
            document = self._measured[triple]
            yield _notice("done", "") | {"triple": triple, "title": title}, *_figures(document, measure, heads)
        except Exception as error:
            yield _notice("error", fault(error, words.FAILED)), *unchanged

    def measure(self, shown: Sent, measure: Sent) -> tuple[object, object]:
        """Draw another measure of the triple that is shown."""
        document = self._shown(shown)
        return (gr.skip(), gr.skip()) if document is None else _map(document, measure)

    def heads(self, shown: Sent, heads: Sent) -> tuple[object, object]:
        """Draw the heads of the other fine-tune."""
        document = self._shown(shown)
        return (gr.skip(), gr.skip()) if document is None else _heads(document, heads)

    def _shown(self, shown: Sent) -> Document | None:
        return self._measured.get(str(entry(shown, "triple")))

    def _measure(self, triple: str) -> None:
        bench = self._opening.bench(triple)
        began = time.monotonic()
        self._opening.says = words.MEASURING
        self._measured[triple] = self._opening.workbench().anatomy(bench)
        self._opening.says = words.MEASURED.format(seconds=time.monotonic() - began)


def _notice(state: str, says: str) -> dict[str, Any]:
    return {"state": state, "notice": says}


def _figures(document: Document, measure: Sent, heads: Sent) -> tuple[object, ...]:
    matrices = document["matrices"]
    return (
        gr.update(visible=True),
        *_map(document, measure),
        {"cells": cells(matrices)},
        energy_chart(document["energy"]),
        _listed(energy_reading(document)),
        *_heads(document, heads),
        {"cells": head_cells(matrices)},
        cosines_chart(document["vectors"], document["cosines"]),
        _listed(cosines_reading(document)),
    )


def _map(document: Document, measure: Sent) -> tuple[object, object]:
    name = _one_of(measure, {row.label: name for name, row in MEASURES.items()}, DEFAULT_MEASURE)
    listed = _listed(measure_reading(document, name))
    return measure_chart(document["matrices"], name), f"{MEASURES[name].meaning}\n\n{listed}"


def _heads(document: Document, heads: Sent) -> tuple[object, object]:
    member = _one_of(heads, HEADS, "m1")
    return heads_chart(document["matrices"], member), _listed(heads_reading(document, member))


def _one_of(sent: Sent, names: dict[str, _Known], default: _Known) -> _Known:
    return names.get(sent, default) if isinstance(sent, str) else default


def _listed(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
