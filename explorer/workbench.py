"""The use cases: all that the page and the command line may call.

checkpoints.yaml → triple → live model ─┐
recipe ─────────────────────────────────┼→ transcribe, evaluate, export
clip, corpus ───────────────────────────┘
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, cast, get_args

from explorer import evaluation, export
from explorer.addition import check_vectors
from explorer.anatomy import kept_anatomy
from explorer.audio import Clip
from explorer.bench import Bench
from explorer.checkpoints.cache import Progress, no_progress
from explorer.checkpoints.triple import MEMBERS, Member, load_triple
from explorer.config import Config, Window
from explorer.corpora.utterance import Utterance
from explorer.device import pick_device
from explorer.errand import Elsewhere
from explorer.errors import RecipeError
from explorer.hypotheses import HypothesisStore
from explorer.lens import Lens
from explorer.listening import Listener
from explorer.live_model import LiveModel
from explorer.methods import DEFAULT_METHOD
from explorer.normalization import normalizer_of
from explorer.recipe import Recipe, recipe_from
from explorer.sources import check_sources
from explorer.steps import Steps
from explorer.text_rules import WHISPER_RULES, TextRules
from explorer.transcription.decoding import Decoding, Halt, Hypothesis, Precision
from explorer.transcription.transcriber import Transcriber
from explorer.verification import DataType

ModelName = Literal["m0", "m1", "m2", "merge"]
MODEL_NAMES: tuple[ModelName, ...] = get_args(ModelName)
MAX_TRIPLES = 2
MAX_REMEMBERED = 2_000


class Workbench:
    """Opens triples and runs the use cases on them; shared by everyone on the page."""

    def __init__(
        self,
        config: Config,
        device: str = "auto",
        store: HypothesisStore | None = None,
        *,
        own_places: bool = True,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Take the configuration; nothing is loaded yet.

        Args:
            config: of checkpoints.yaml.
            device: ``cpu``, ``cuda`` or ``auto``.
            store: where evaluations remember what was heard; None remembers nothing.
            own_places: whether recipes may name checkpoints by folder or repository, beside those of checkpoints.yaml.
            elsewhere: where clips may be heard instead of on ``device``.
        """
        self.config, self.store, self.device = config, store, pick_device(device)
        self._own_places, self._elsewhere = own_places, elsewhere
        self.lens = Lens()
        self._benches: OrderedDict[str, Bench] = OrderedDict()
        self._opening = threading.Lock()
        self._remembered: OrderedDict[tuple[str, ...], Hypothesis] = OrderedDict()

    def default_recipe(self) -> Recipe:
        """Return the recipe of checkpoints.yaml's ``default``."""
        return recipe_from(self.config.default, f"{self.config.path.name}: default")

    def recipe(self, entries: dict[str, Any], where: str) -> Recipe:
        """Read a recipe; entries it lacks are the default recipe's, or its own method's if that is another one.

        Raises:
            RecipeError: an entry is unknown, out of range, of a task vector that is not there, or of other weights.
            ConfigError: no such triple.
        """
        default = self.config.default
        if entries.get("method", default.get("method")) not in (None, default.get("method", DEFAULT_METHOD)):
            default = {"triple": default["triple"]} if "triple" in default else {}
        recipe = recipe_from({**default, **entries}, where)
        check_vectors(recipe.add, self.config.triple(recipe.triple), where, own_places=self._own_places)
        if "sources" in entries:
            check_sources(entries, recipe, self.bench(recipe.triple, no_progress), where)
        return recipe

    def decoding(
        self,
        recipe: Recipe,
        window: str | None = None,
        max_new_tokens: int | None = None,
        precision: Precision = "float32",
    ) -> Decoding:
        """Return the decoding options: what the triple declares, unless told otherwise.

        Raises:
            RecipeError: ``fit`` for a triple that does not declare it, or a value out of range.
        """
        declared = self.config.triple(recipe.triple).window
        if window not in (None, *get_args(Window)):
            raise RecipeError(f"window: expected fit or 30, but got {window!r}.")
        if window == "fit" and declared != "fit":
            raise RecipeError(f"window: {recipe.triple} was not trained for windows cut to the clip; use 30.")
        if max_new_tokens is not None and not 1 <= max_new_tokens <= 440:
            raise RecipeError(f"max-new-tokens: expected 1 to 440, but got {max_new_tokens}.")
        return Decoding(cast(Window, window or declared), max_new_tokens, precision)

    def bench(self, triple: str, progress: Progress) -> Bench:
        """Open a triple, or return it if it is open; the least recently used of more than two is let go.

        Raises:
            CheckpointError: a member cannot be had or does not fit.
            ConfigError: no such triple.
        """
        with suppress(KeyError):  # not open yet; whoever opens another one keeps nobody of this one waiting
            self._benches.move_to_end(triple)
            return self._benches[triple]
        spec = self.config.triple(triple)
        with self._opening:
            if triple not in self._benches:
                loaded = load_triple(spec, progress)
                transcriber = Transcriber(loaded.folder, spec.language)
                self._benches[triple] = Bench(
                    spec, LiveModel(loaded, self.device), transcriber, normalizer_of(loaded.folder), self._elsewhere
                )
                if len(self._benches) > MAX_TRIPLES:
                    self._benches.popitem(last=False)
            return self._benches[triple]

    def halt(self, seconds: float, cancelled: Callable[[], bool]) -> Halt:
        """Make what stops decoding: after ``seconds``, or once ``cancelled()`` says so."""
        return Halt.after(seconds, cancelled)

    def settings_line(self, recipe: Recipe, decoding: Decoding, rules: TextRules, expression: str) -> str:
        """Say in a line what every number of an evaluation depends on."""
        chosen = f"filter {expression}" if expression.strip() else "no filter"
        merge = f"merge {recipe.summary} of {recipe.triple}"
        return f"{merge} · {decoding.summary}, {rules.summary}, bootstrap over speakers, {chosen}"

    def is_open(self, triple: str) -> bool:
        """Say whether a triple can be used at once."""
        return triple in self._benches

    def remembers(self, bench: Bench, model: ModelName, recipe: Recipe, clip: Clip, decoding: Decoding) -> bool:
        """Say whether ``stream`` will answer without decoding."""
        return _memory_key(bench, model, recipe, clip, decoding.heard_by(model)) in self._remembered

    def stream(
        self, bench: Bench, model: ModelName, recipe: Recipe, clip: Clip, decoding: Decoding, halt: Halt
    ) -> Iterator[Hypothesis]:
        """Let one model hear one clip, step by step; what was heard before is not decoded again.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
            RecipeError: the recipe does not fit the triple.
        """
        decoding = decoding.heard_by(model)
        key = _memory_key(bench, model, recipe, clip, decoding)
        if (known := self._remembered.get(key)) is not None:
            yield known
            return
        hypothesis = Hypothesis("")
        for hypothesis in bench.stream(model, recipe, clip, decoding, halt):
            yield hypothesis
        self._remembered[key] = hypothesis
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)

    def evaluate(
        self,
        bench: Bench,
        utterances: Sequence[Utterance],
        models: Sequence[ModelName],
        recipe: Recipe,
        decoding: Decoding,
        halt: Halt,
        rules: TextRules = WHISPER_RULES,
        pins: Mapping[str, Recipe] | None = None,
        *,
        alone: bool = False,
    ) -> Iterator[evaluation.Evaluation]:
        """Compute WERs of several models over a subset, streaming; see ``evaluation.evaluate``.

        Args:
            bench: the open triple.
            utterances: the subset.
            models: of m0, m1, m2 and merge.
            recipe: of the merge.
            decoding: options.
            halt: stops the work.
            rules: how text is normalised.
            pins: further merges by name, evaluated in the same pass.
            alone: nobody else waits for a model: it comes back less often, and more clips are decoded together.

        Raises:
            RecipeError: a recipe does not fit the triple.
        """
        merges = {"merge": recipe, **(pins or {})}
        for each in merges.values():
            bench.live.check(each)  # what does not fit fails here, not after the first models
        names = [*models, *(pins or {})]
        prints = self.fingerprints(bench, names, merges) if self.store else {}
        parts = bench.parts(names, merges)
        held, away = bench.lender(merges), bench.sender(merges)
        listener = Listener(held, bench.transcriber, decoding, halt, self.store, prints, parts, away=away)
        normalizer = normalizer_of(bench.live.triple.folder, rules)
        most = evaluation.room_of_a_batch(alone=alone, gpu=self._elsewhere is not None or self.device.type == "cuda")
        return evaluation.evaluate(utterances, names, listener, normalizer, batch_positions=most)

    def fingerprints(self, bench: Bench, names: Iterable[str], merges: Mapping[str, Recipe]) -> dict[str, str]:
        """Name the weights of models: checkpoints by their member, merges by their recipe."""
        return {
            name: bench.live.merged_fingerprint(merges[name])
            if name in merges
            else bench.live.fingerprint(cast(Member, name))
            for name in names
        }

    def anatomy(self, bench: Bench) -> dict[str, Any]:
        """Measure what fine-tuning changed, tensor by tensor; see ``anatomy.anatomy``.

        Raises:
            CheckpointError: a further task vector of the triple cannot be had.
        """
        members = {member: bench.live.fingerprint(member) for member in MEMBERS}
        return kept_anatomy(bench.live.triple, members) | {"fingerprints": members}

    def export(
        self,
        bench: Bench,
        recipe: Recipe,
        target: Path,
        dtype: DataType = "float32",
        clips: Sequence[Clip] | None = None,
    ) -> Steps[tuple[str, str | None]]:
        """Write a merge as a Hugging Face folder, step by step; see ``export.write_folder``."""
        return export.write_folder(bench, recipe, target, dtype, clips)


def _memory_key(bench: Bench, model: ModelName, recipe: Recipe, clip: Clip, decoding: Decoding) -> tuple[str, ...]:
    weights = recipe.id if model == "merge" else model
    return (bench.spec.name, weights, clip.digest, *map(str, decoding.as_dict().values()))
