"""One open triple with everything it takes to work on it: live model, transcriber, normaliser."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import cast

from explorer.attention import Lane, lane_depths
from explorer.checkpoints.triple import Member, used_spec
from explorer.config import TripleSpec
from explorer.live_model import LiveModel, Network
from explorer.normalization import Normalizer
from explorer.recipe import Recipe
from explorer.scoring import Alignment, align
from explorer.transcription.transcriber import Transcriber

ENCODER = "model.encoder."  # how the names of its tensors begin


@dataclass(frozen=True, eq=False)
class Bench:
    """One triple, ready to work with."""

    spec: TripleSpec
    live: LiveModel
    transcriber: Transcriber
    normalizer: Normalizer

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

    def fingerprint(self, model: str, recipe: Recipe) -> str:
        """Name a model's weights by 16 hexadecimal digits."""
        return self.live.merged_fingerprint(recipe) if model == "merge" else self.live.fingerprint(cast(Member, model))

    def encoder_fingerprint(self, model: str, recipe: Recipe) -> str:
        """Name the weights of a model's encoder."""
        return self._fingerprint_of(model, recipe, (ENCODER,))

    def encoder_fingerprints(self, model: str, recipe: Recipe) -> list[str]:
        """Name the weights of a model's encoder up to each layer but the last, and of all of it."""
        layers = [f"{ENCODER}layers.{layer}." for layer in range(self.depths["encoder.self"])]
        stem = (f"{ENCODER}conv", f"{ENCODER}embed_positions")
        parts = [(*stem, *layers[: count + 1]) for count in range(len(layers) - 1)]
        return [self._fingerprint_of(model, recipe, part) for part in (*parts, (ENCODER,))]

    def _fingerprint_of(self, model: str, recipe: Recipe, prefixes: tuple[str, ...]) -> str:
        if model == "merge":
            return self.live.merged_fingerprint(recipe, prefixes)
        return self.live.fingerprint(cast(Member, model), prefixes)

    def align(self, reference: str, hypothesis: str) -> Alignment:
        """Normalise both texts and align them."""
        return align(self.normalizer(reference), self.normalizer(hypothesis))
