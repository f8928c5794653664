"""What the Evaluate tab does when asked: a subset → WERs that stream, and at the end a chart; cancel stops the work."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from explorer.corpora.open import open_corpus
from explorer.corpora.subset import SubsetSpec, choose
from explorer.errors import ExplorerError, RecipeError
from explorer.text_rules import text_rules
from explorer.ui.chart import error_chart
from explorer.ui.newest import Newest
from explorer.ui.opening import Opening
from explorer.ui.render import Json, evaluation_json, model_titles
from explorer.ui.sent import Sent, recipe_entries, stamp_of, whole
from explorer.ui.text import FOLDER_REFUSED

if TYPE_CHECKING:
    from explorer.workbench import ModelName

WINDOWS = {"as declared": None, "fit": "fit", "30 s": "30"}
MODELS: "dict[str, ModelName]" = {"M0": "m0", "M1": "m1", "M2": "m2", "merge": "merge"}


class Evaluating:
    """The Evaluate tab's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, *, serve_folders: bool) -> None:
        """Take what the tab works with.

        Args:
            opening: of the workbench.
            serve_folders: whether visitors may evaluate folders of this machine.
        """
        self._opening = opening
        self._serve_folders = serve_folders
        self._running = Newest()

    def run(
        self,
        shown: Sent,
        panel: Sent,
        corpus: str,
        kind: str,
        folder: str,
        split: str,
        expression: str,
        limit: float | None,
        seed: float | None,
        models: list[str],
        window: str,
        normalizer: str,
        keep_fillers: bool,
        request: gr.Request,
    ) -> Iterator[tuple[Json, object]]:
        """Compute WERs over a subset, yielding after every batch the table, and at the end the chart."""
        session, stamp = str(request.session_hash), stamp_of(shown)
        self._running.note(session, stamp)
        try:
            workbench = self._opening.workbench()
            sent = recipe_entries(panel)
            recipe = workbench.recipe(sent, "page")
            if not models:
                raise RecipeError("Models: expected at least one of M0, M1, M2 and merge; tick one.")
            opened = open_corpus(self._corpus_name(corpus, kind, folder), self._opening.config.corpora)
            spec = SubsetSpec(
                split=split.strip() or None,
                expression=expression,
                limit=whole(limit, "n"),
                seed=whole(seed, "seed") or 0,
            )
            subset = choose(opened.utterances, spec)
            rules = text_rules(normalizer, keep_fillers)
            decoding = workbench.decoding(recipe, WINDOWS.get(window, window))
            # The chart is the last run's until this one has its own.
            yield (
                {"state": "running", "notice": f"{recipe.triple} is being opened…", "stamp": stamp},
                gr.update(value=None, visible=False),
            )
            bench = self._opening.bench(recipe.triple)
            asked = [MODELS[model] for model in MODELS if model in models]
            titles = model_titles(bench.spec)
            settings = f"{opened.folder.name}, {workbench.settings_line(recipe, decoding, rules, expression)}"
            halt = workbench.halt(float("inf"), lambda: self._running.is_past(session, stamp))
            for state in workbench.evaluate(bench, subset.utterances, asked, recipe, decoding, halt, rules):
                drawn = evaluation_json(state, titles, settings)
                drawn |= {
                    "problems": [*opened.problems, *subset.problems, *state.problems],
                    "stamp": stamp,
                    "recipe": sent,
                }
                yield drawn, gr.skip()
            figure = error_chart(drawn["rows"])
            yield drawn, gr.update(value=figure, visible=figure is not None)
        except ExplorerError as error:
            yield {"state": "error", "notice": str(error)}, gr.skip()

    def cancel(self, shown: Sent, request: gr.Request) -> None:
        """Stop this visitor's evaluation at the next token, or before it starts; what is finished stays."""
        self._running.note(str(request.session_hash), stamp_of(shown) + 0.5)

    def leave(self, request: gr.Request) -> None:
        """Stop the evaluation of a visitor who has left."""
        self._running.forget(str(request.session_hash))

    def _corpus_name(self, corpus: str, kind: str, folder: str) -> str:
        if not folder.strip():
            return corpus
        if not self._serve_folders:
            raise RecipeError(FOLDER_REFUSED)
        return f"{kind}:{folder.strip()}"
