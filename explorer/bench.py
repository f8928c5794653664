"""One open triple with everything it takes to work on it: live model, transcriber, normaliser."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import cast

from explorer.attention import Lane, lane_depths
from explorer.audio import Clip
from explorer.checkpoints.triple import Member, used_spec
from explorer.checkpoints.weights import EMBEDDINGS
from explorer.config import TripleSpec
from explorer.errand import Away, Elsewhere, errand
from explorer.live_model import LiveModel, Network
from explorer.normalization import Normalizer
from explorer.recipe import Recipe
from explorer.scoring import Alignment, align
from explorer.transcription.decoding import Decoding, Halt, Hypothesis, Prints
from explorer.transcription.transcriber import Transcriber

ENCODER = "model.encoder."  # how the names of its tensors begin
VOCABULARY = (EMBEDDINGS,)
STEM = (f"{ENCODER}conv", f"{ENCODER}embed_positions")  # and those of what comes before its layers


@dataclass(frozen=True, eq=False)
class Bench:
    """One triple, ready to work with.

    Attributes:
        spec: of checkpoints.yaml.
        live: its models.
        transcriber: lets them hear.
        normalizer: for references and hypotheses.
        elsewhere: where clips may be heard instead; None: here alone.
    """

    spec: TripleSpec
    live: LiveModel
    transcriber: Transcriber
    normalizer: Normalizer
    elsewhere: Elsewhere | None = None

    @property
    def depths(self) -> dict[Lane, int]:
        """Return the number of layers of each lane."""
        return lane_depths(self.live.triple.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all tensors of a model, the tied output projection aside."""
        return tuple(self.live.triple.weights["m0"])

    def sources(self, recipe: Recipe) -> TripleSpec:
        """Return where a recipe's checkpoints come from, those of the Hub by the commits that were loaded."""
        return used_spec(self.live.triple, [each.vector for each in recipe.add])

    def held(self, model: str, recipe: Recipe) -> AbstractContextManager[Network]:
        """Lend a model by name; ``merge`` is the merge of ``recipe``."""
        return self.live.merged(recipe) if model == "merge" else self.live.checkpoint(cast(Member, model))

    def lender(self, merges: Mapping[str, Recipe]) -> Callable[[str], AbstractContextManager[Network]]:
        """Return what lends the merges by name, and M0, M1 and M2 by theirs."""

        def held(name: str) -> AbstractContextManager[Network]:
            return self.live.merged(merges[name]) if name in merges else self.live.checkpoint(cast(Member, name))

        return held

    def sender(self, merges: Mapping[str, Recipe]) -> Away:
        """Return what lets the same models hear clips elsewhere, where there is such a place."""

        def away(name: str, clips: Sequence[Clip], decoding: Decoding, halt: Halt) -> Iterator[list[Hypothesis]] | None:
            if self.elsewhere is None:
                return None
            triple = self.live.triple
            return self.elsewhere(errand(triple, name, merges.get(name), clips, decoding), triple, halt)

        return away

    def stream(self, model: str, recipe: Recipe, clip: Clip, decoding: Decoding, halt: Halt) -> Iterator[Hypothesis]:
        """Let one model hear one clip, step by step, elsewhere where that can be.

        Args:
            model: m0, m1, m2, or merge, the merge of ``recipe``.
            recipe: of the merge.
            clip: of any length.
            decoding: options.
            halt: asked before every layer of the encoder and every step of the decoder.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
            RecipeError: the recipe does not fit the triple.
        """
        answers = self.sender({"merge": recipe})(model, [clip], decoding, halt)
        if answers is not None:
            for (hypothesis,) in answers:
                yield hypothesis
            return
        parts = self.fine_parts(model, recipe)
        with self.held(model, recipe) as network:
            for (hypothesis,) in self.transcriber.stream(network, [clip], decoding, halt, parts):
                yield hypothesis

    def fingerprint(self, model: str, recipe: Recipe) -> str:
        """Name a model's weights by 16 hexadecimal digits."""
        return self.live.merged_fingerprint(recipe) if model == "merge" else self.live.fingerprint(cast(Member, model))

    def parts(self, names: Sequence[str], merges: Mapping[str, Recipe]) -> dict[str, Prints]:
        """Name the weights of parts of merges, by name, and of M0, M1 and M2.

        Returns:
            Of each encoder the fingerprint of its convolutions, which most models share, and of all of it; and of the
            vocabulary, if the merge leaves it alone.
        """
        return {
            name: Prints(
                [self._fingerprint_of(name, merges.get(name), part) for part in (STEM, (ENCODER,))],
                self.vocabulary(name, merges.get(name)),
            )
            for name in names
        }

    def vocabulary(self, name: str, merge: Recipe | None) -> str | None:
        """Name the matrix of the vocabulary of M0, M1 or M2, or of a merge that has M1's; None for other merges.

        A merge that changes it has one of its own, which is not met again: to hash it takes longer than to copy it.
        """
        if merge is None:
            return self.live.fingerprint(cast(Member, name), VOCABULARY)
        with self.live.merged(merge):
            changed = EMBEDDINGS in self.live.written
        return None if changed else self.live.fingerprint("m1", VOCABULARY)

    def fine_parts(self, model: str, recipe: Recipe) -> Prints:
        """Name the weights of a model's encoder up to each layer, that layer left out, and of all; its vocabulary."""
        layers = [f"{ENCODER}layers.{layer}." for layer in range(self.depths["encoder.self"])]
        parts = [(*STEM, *layers[:count]) for count in range(len(layers))]
        merge = recipe if model == "merge" else None
        encoder = [self._fingerprint_of(model, merge, part) for part in (*parts, (ENCODER,))]
        return Prints(encoder, self.vocabulary(model, merge))

    def _fingerprint_of(self, name: str, merge: Recipe | None, prefixes: tuple[str, ...]) -> str:
        if merge is not None:
            return self.live.merged_fingerprint(merge, prefixes)
        return self.live.fingerprint(cast(Member, name), prefixes)

    def align(self, reference: str, hypothesis: str) -> Alignment:
        """Normalise both texts and align them."""
        return align(self.normalizer(reference), self.normalizer(hypothesis))
