"""The four named endpoints for programs: merge, transcribe, evaluate, export. All else on the page is its own affair.

docs/api.md shows how to call them, and a test runs what it shows.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import gradio as gr

from explorer.audio import load_clip
from explorer.errors import ExplorerError, RecipeError, seen
from explorer.formats.link import link_entries
from explorer.formats.texts import FORMATS
from explorer.recipe import Recipe
from explorer.report import Run, evaluation_document
from explorer.summary import Json
from explorer.text_rules import text_rules
from explorer.ui.choosing import Choosing, Place
from explorer.ui.opening import Opening
from explorer.ui.render import model_titles
from explorer.ui.saving import DTYPES
from explorer.ui.sent import Sent, whole
from explorer.ui.text import programs as words

if TYPE_CHECKING:
    from explorer.bench import Bench
    from explorer.workbench import ModelName

MODELS: "tuple[ModelName, ...]" = ("m0", "m1", "m2", "merge")
DEADLINE_SECONDS = 120.0
SAMPLES = "samples"
CLIPS = 10  # what an evaluation draws unless it is told more


class Endpoints:
    """What programs may call; one object serves everyone. Every mistake is one sentence."""

    def __init__(self, opening: Opening, choosing: Choosing) -> None:
        """Take what the endpoints work with.

        Args:
            opening: of the workbench.
            choosing: opens corpora, as far as strangers may see them.
        """
        self._opening = opening
        self._choosing = choosing

    def lay_out(self, queue: str) -> None:
        """Declare the endpoints inside the current ``gr.Blocks``; nothing of them is seen on the page.

        Args:
            queue: of everything that keeps the models busy.
        """
        recipe = gr.JSON(value={}, label=words.RECIPE, visible=False)
        clip = gr.Audio(type="filepath", label=words.CLIP, visible=False)
        models = gr.CheckboxGroup(list(MODELS), value=list(MODELS[1:]), label=words.MODELS, visible=False)
        corpus = gr.Textbox(SAMPLES, label=words.CORPUS, visible=False)
        expression = gr.Textbox("", label=words.FILTER, visible=False)
        limit = gr.Number(CLIPS, label=words.CLIPS, visible=False)
        seed = gr.Number(0, label=words.SEED, visible=False)
        dtype = gr.Radio(list(DTYPES), value=DTYPES[0], label=words.DTYPE, visible=False)
        verify = gr.Checkbox(False, label=words.VERIFY, visible=False)
        kind = gr.Radio(list(FORMATS), value=FORMATS[0], label=words.KIND, visible=False)
        document, model = gr.JSON(label=words.DOCUMENT, visible=False), gr.File(label=words.MODEL, visible=False)

        def endpoint(
            fn: Callable[..., object],
            inputs: list[gr.components.Component],
            outputs: gr.components.Component | list[gr.components.Component],
            concurrency_id: str,
        ) -> None:
            # The first line of the docstring is what a client is told.
            gr.Button(visible=False).click(
                fn,
                inputs,
                outputs,
                api_name=fn.__name__,
                api_description=str(fn.__doc__).splitlines()[0],
                concurrency_id=concurrency_id,
                concurrency_limit=1,
            )

        endpoint(self.transcribe, [clip, recipe, models], document, queue)
        endpoint(self.export, [recipe, kind], document, queue)
        endpoint(self.evaluate, [corpus, recipe, models, expression, limit, seed], document, "evaluation")
        endpoint(self.merge, [recipe, dtype, verify], [document, model], "saving")

    def transcribe(self, clip: str | None, recipe: Sent, models: list[str]) -> Json:
        """Say what each model hears in a clip: {recipe, fingerprint, seconds, hypotheses}."""
        with _sentences():
            wanted, bench = self._opened(recipe)
            workbench = self._opening.workbench()
            if not clip:
                raise RecipeError("clip: expected a sound file; upload one.")
            sound = load_clip(Path(clip))
            halt = workbench.halt(DEADLINE_SECONDS, lambda: False)
            heard: dict[str, str] = {}
            for name in _named(models):
                for hypothesis in workbench.stream(bench, name, wanted, sound, workbench.decoding(wanted), halt):
                    heard[name] = hypothesis.text
            return _document(wanted, bench) | {"seconds": round(sound.seconds, 3), "hypotheses": heard}

    def export(self, recipe: Sent, format: str) -> Json:
        """Write a recipe for another tool: {recipe, fingerprint, format, text}."""
        with _sentences():
            if format not in FORMATS:
                raise RecipeError(f"format: expected one of {', '.join(FORMATS)}, but got {seen(format)}.")
            wanted, bench = self._opened(recipe)
            saving = importlib.import_module("explorer.saving")
            text, _ = saving.saved_text(bench, wanted, format, local=self._opening.own_places)
            return _document(wanted, bench) | {"format": format, "text": text}

    def merge(self, recipe: Sent, dtype: str, verify: bool) -> Iterator[tuple[Json, str | None]]:
        """Merge and zip the model: first {doing, share}, last {recipe, fingerprint, dtype, verified} and the file."""
        with _sentences(), TemporaryDirectory(prefix="sa-merge-api-") as folder:
            if dtype not in DTYPES:
                raise RecipeError(f"dtype: expected one of {', '.join(DTYPES)}, but got {seen(dtype)}.")
            wanted, bench = self._opened(recipe)
            workbench, saving = self._opening.workbench(), importlib.import_module("explorer.saving")
            target = Path(folder) / f"{wanted.stem}.zip"
            clips = saving.sample_clips(workbench.config) if verify else None
            with closing(saving.write_zip(workbench, bench, wanted, target, dtype, clips)) as steps:
                verified = None
                while True:
                    try:
                        step = next(steps)
                    except StopIteration as end:
                        _, verified = end.value
                        break
                    yield {"doing": step.what, "share": round(step.share, 3)}, None
            yield _document(wanted, bench) | {"dtype": dtype, "verified": verified}, str(target)

    def evaluate(
        self, corpus: str, recipe: Sent, models: list[str], filter: str, limit: float | None, seed: float | None
    ) -> Iterator[Json]:
        """Compute word error rates over a subset of a corpus: first {done, total}, last what evaluate --json prints."""
        with _sentences():
            place = Place(corpus or "", expression=filter or "", limit=limit, seed=seed)
            whole(limit, "limit")
            asked = _named(models)
            wanted, bench = self._opened(recipe)
            workbench = self._opening.workbench()
            chosen = self._choosing.choose(place, bench.normalizer)
            decoding, rules = workbench.decoding(wanted), text_rules("whisper-english", False)
            halt = workbench.halt(float("inf"), lambda: False)
            for state in workbench.evaluate(bench, chosen.subset.utterances, asked, wanted, decoding, halt, rules):
                yield {"done": state.done, "total": state.total}
            titles = model_titles(self._opening.config.triple(wanted.triple), wanted)
            yield evaluation_document(
                Run(
                    corpus=chosen.title,
                    evaluation=state,
                    titles=titles,
                    settings=workbench.settings_line(wanted, decoding, rules, place.expression),
                    recipe=wanted,
                    pins={},
                    decoding=decoding,
                    rules=rules,
                    fingerprints=workbench.fingerprints(bench, asked, {"merge": wanted}),
                    subset=chosen.described,
                    left_out=(*chosen.problems, *state.problems),
                )
            )

    def _opened(self, sent: Sent) -> "tuple[Recipe, Bench]":
        """Read a recipe and open its triple.

        Raises:
            ExplorerError: it is no recipe, or its triple cannot be had.
        """
        entries = link_entries(sent, "recipe") if isinstance(sent, str) else sent or {}
        if not isinstance(entries, dict):
            raise RecipeError(f"recipe: expected {words.RECIPE}, but got {seen(entries)}.")
        recipe = self._opening.workbench().recipe(entries, "recipe")
        return recipe, self._opening.bench(recipe.triple)


def _document(recipe: Recipe, bench: "Bench") -> Json:
    return {"recipe": recipe.as_dict(), "fingerprint": bench.fingerprint("merge", recipe)}


def _named(models: Sent) -> "list[ModelName]":
    named = [each for each in MODELS if isinstance(models, list) and each in models]
    if not named or len(named) != len(models):
        raise RecipeError(f"models: expected some of {', '.join(MODELS)}, but got {seen(models)}.")
    return named


@contextmanager
def _sentences() -> Iterator[None]:
    """Give a client the sentence of what its user did wrong; what else goes wrong is not told to strangers."""
    try:
        yield
    except ExplorerError as error:
        raise gr.Error(str(error), print_exception=False) from error
