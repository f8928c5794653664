"""What the page does when asked: values of the page → one call into the workbench → values of the page.

Nothing of a visitor is kept here but, while work is going on, which of their requests is the newest.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from explorer.audio import Clip, load_clip
from explorer.corpora.manifest import Utterance
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import select
from explorer.errors import ExplorerError, RecipeError
from explorer.recipe import Recipe
from explorer.ui.opening import Opening
from explorer.ui.render import Column, Json, evaluation_json, model_titles, transcripts
from explorer.ui.text import FOLDER_REFUSED

if TYPE_CHECKING:
    from explorer.workbench import Bench, ModelName

DEADLINE_SECONDS = 120.0
STREAM_SECONDS = 0.08  # between two updates of the words on the page


class Newest:
    """Which of each visitor's requests is the newest; older ones stop."""

    def __init__(self) -> None:
        self._stamps: dict[str, float] = {}
        self._guard = threading.Lock()

    def note(self, session: str, stamp: float) -> None:
        """Note a request; stamps of one visitor grow."""
        with self._guard:
            self._stamps[session] = max(stamp, self._stamps.get(session, stamp))

    def is_past(self, session: str, stamp: float) -> bool:
        """Say whether a newer request has come, or the visitor has left."""
        return self._stamps.get(session, float("inf")) > stamp

    def forget(self, session: str) -> None:
        """Forget a visitor who has left: everything of theirs is past."""
        with self._guard:
            self._stamps.pop(session, None)


class Callbacks:
    """The page's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, samples: Mapping[str, Utterance], *, serve_folders: bool) -> None:
        """Take what the page works with.

        Args:
            opening: of the workbench.
            samples: sample clips by id.
            serve_folders: whether visitors may evaluate folders of this machine.
        """
        self._opening = opening
        self._samples = samples
        self._serve_folders = serve_folders
        self._newest = Newest()
        self._running = Newest()

    def announce(self, panel: Any, chosen: Any, request: gr.Request) -> None:  # noqa: ANN401
        """Say at once, past the queue, that older work of this visitor is no longer wanted."""
        self._newest.note(str(request.session_hash), _stamp(panel, chosen))

    def leave(self, request: gr.Request) -> None:
        """Stop what a visitor who has left had asked for."""
        self._newest.forget(str(request.session_hash))
        self._running.forget(str(request.session_hash))

    def choose(self, chosen: Any) -> tuple[str | None, str]:  # noqa: ANN401
        """Put a sample clip into the player, with its reference."""
        sample = self._samples.get(_entry(chosen, "id") or "")
        return (str(sample.path), sample.reference) if sample else (None, "")

    def loading(self) -> Iterator[Any]:
        """Tell how far the models are, until they are there."""
        while self._opening.waiting(0.4):
            yield transcripts(self._blank(), "loading", notice=self._opening.says)
        yield gr.skip()

    def transcribe(
        self,
        panel: Any,  # noqa: ANN401 - the browser's, checked below
        chosen: Any,  # noqa: ANN401
        player: str | None,
        reference: str,
        with_base: bool,
        request: gr.Request,
    ) -> Iterator[Any]:
        """Let M1, the merge and M2 hear the clip; the words come as they are heard."""
        session, stamp = str(request.session_hash), _stamp(panel, chosen)
        self._newest.note(session, stamp)
        try:
            recipe = self._recipe(panel)
            key = _entry(panel, "key") or ""
            clip = self._clip(chosen, player)
            if clip is None:
                yield transcripts([], "done", key=key, notice="Choose a sample clip, upload one or record one.")
                return
            models: list[ModelName] = ["m1", "merge", "m2", *(["m0"] if with_base else [])]  # type: ignore[list-item]
            titles = model_titles(self._opening.config.triple(recipe.triple))
            columns = {model: Column(model, titles[model]) for model in models}
            yield from self._opened(recipe.triple, list(columns.values()), key)
            said = "" if reference is None else reference.strip()
            bench = self._opening.bench(recipe.triple)
            # M1 and M2 are usually remembered: their columns stand at once, and the merge is heard next.
            for model in sorted(models, key=["m1", "m2", "merge", "m0"].index):
                for column in self._listen(bench, model, recipe, clip, said, columns[model], session, stamp):
                    columns[model] = column
                    yield transcripts(list(columns.values()), "working", key=key, reference=said)
            yield transcripts(list(columns.values()), "done", key=key, reference=said)
        except ExplorerError as error:
            if self._newest.is_past(session, stamp):
                yield gr.skip()
            else:
                yield transcripts(self._blank(), "error", notice=str(error))

    def _opened(self, triple: str, columns: Sequence[Column], key: str) -> Iterator[Json]:
        """Open a triple in the background, telling how far its download is."""
        workbench = self._opening.workbench()
        if workbench.is_open(triple):
            return
        failed: list[ExplorerError] = []

        def fetch() -> None:
            try:
                self._opening.bench(triple)
            except ExplorerError as error:
                failed.append(error)

        self._opening.says = f"{triple} is being opened…"
        fetching = threading.Thread(target=fetch, daemon=True)
        fetching.start()
        while fetching.is_alive():
            yield transcripts(columns, "loading", key=key, notice=self._opening.says)
            fetching.join(0.4)
        if failed:
            raise failed[0]

    def _listen(
        self,
        bench: "Bench",
        model: "ModelName",
        recipe: Recipe,
        clip: Clip,
        reference: str,
        column: Column,
        session: str,
        stamp: float,
    ) -> Iterator[Column]:
        workbench = self._opening.workbench()
        decoding = workbench.decoding(recipe)
        halt = workbench.halt(DEADLINE_SECONDS, lambda: self._newest.is_past(session, stamp))
        remembered = workbench.remembers(bench, model, recipe, clip, decoding)
        started = shown = time.monotonic()
        hypothesis = None
        for hypothesis in workbench.stream(bench, model, recipe, clip, decoding, halt):
            now = time.monotonic()
            if now - shown > STREAM_SECONDS:
                shown = now
                yield replace(column, state="listening", text=hypothesis.text)
        assert hypothesis is not None
        yield replace(
            column,
            state="done",
            text=hypothesis.text,
            alignment=bench.align(reference, hypothesis.text) if reference else None,
            seconds=time.monotonic() - started,
            remembered=remembered,
            cut=not hypothesis.ended,
        )

    def evaluate(
        self,
        panel: Any,  # noqa: ANN401 - the browser's, checked below
        corpus: str,
        folder: str,
        expression: str,
        limit: float | None,
        seed: float | None,
        models: list[str],
        window: str,
        request: gr.Request,
    ) -> Iterator[Any]:
        """Compute WERs over a subset, streaming; ``cancel`` stops it at the next token."""
        session, stamp = str(request.session_hash), time.monotonic()
        self._running.note(session, stamp)
        try:
            recipe = self._recipe(panel)
            if not models:
                raise RecipeError("Models: expected at least one of M0, M1, M2 and merge; tick one.")
            name = corpus if not folder.strip() else f"manifest:{folder.strip()}"
            if folder.strip() and not self._serve_folders:
                raise RecipeError(FOLDER_REFUSED)
            opened = open_corpus(name, self._opening.config.corpora)
            utterances = select(opened.utterances, expression, _whole(limit, "n"), _whole(seed, "seed") or 0)
            workbench = self._opening.workbench()
            decoding = workbench.decoding(recipe, None if window == "as declared" else window.removesuffix(" s"))
            bench = self._opening.bench(recipe.triple)
            halt = workbench.halt(float("inf"), lambda: self._running.is_past(session, stamp))
            asked = [model for model in ("m0", "m1", "m2", "merge") if model in models]
            titles = model_titles(bench.spec) | {"merge": f"Merge · {recipe.schedule}"}
            settings = workbench.settings_line(decoding, expression)
            for state in workbench.evaluate(bench, utterances, cast("list[ModelName]", asked), recipe, decoding, halt):
                shown = evaluation_json(state, titles, settings)
                yield shown | {"problems": [*opened.problems, *state.problems]}
        except ExplorerError as error:
            yield {"state": "error", "notice": str(error)}

    def cancel(self, request: gr.Request) -> None:
        """Stop this visitor's evaluation at the next token; what is finished stays."""
        self._running.forget(str(request.session_hash))

    def _recipe(self, panel: Any) -> Recipe:  # noqa: ANN401
        recipe = _entry(panel, "recipe")
        if not isinstance(recipe, dict):
            raise RecipeError("page: expected a recipe; reload the page.")
        return self._opening.workbench().recipe(recipe, "page")

    def _clip(self, chosen: Any, player: str | None) -> Clip | None:  # noqa: ANN401
        sample = self._samples.get(_entry(chosen, "id") or "")
        if sample is not None:
            return load_clip(sample.path, sample.id)
        return load_clip(Path(player), "Your clip") if player else None

    def _blank(self) -> list[Column]:
        titles = model_titles(self._opening.config.triples[0])
        return [Column(model, titles[model]) for model in ("m1", "merge", "m2")]


def _entry(value: Any, key: str) -> Any:  # noqa: ANN401
    """Read an entry of a value the browser sent, which may be anything."""
    return value.get(key) if isinstance(value, dict) else None


def _stamp(*values: Any) -> float:  # noqa: ANN401
    stamps = [_entry(value, "stamp") for value in values]
    return max([float(stamp) for stamp in stamps if isinstance(stamp, int | float)], default=0.0)


def _whole(value: float | None, name: str) -> int | None:
    if value is None:
        return None
    if value != int(value):
        raise RecipeError(f"{name}: expected a whole number, but got {value:g}.")
    return int(value)
