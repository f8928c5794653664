"""What a merge may need beside M0, M1 and M2: further task vectors and the Gram matrices of RegMean, once asked for."""

import threading
from collections import OrderedDict
from collections.abc import Mapping

import torch
from torch import Tensor

from explorer.checkpoints.triple import Member, Triple, load_vector
from explorer.merging.grams import Grams, grams_path, load_grams
from explorer.recipe import Recipe

# Task vectors every triple has: computed from its members, never stored.
OWN_VECTORS: dict[str, Member] = {"m1": "m1", "m2": "m2"}
# Each may be as big as a model: those asked for longest ago are let go.
_MAX_VECTORS = 6

Vectors = Mapping[str, Mapping[str, Tensor]]


class Extras:
    """Task vectors and Gram matrices of one triple, on one device."""

    def __init__(self, triple: Triple, device: torch.device) -> None:
        """Take what they belong to; nothing is loaded yet."""
        self._triple = triple
        self._device = device
        self._guard = threading.Lock()
        self._vectors: OrderedDict[str, Mapping[str, Tensor]] = OrderedDict()
        self._grams: tuple[str, Grams] | None = None

    def vectors(self, recipe: Recipe) -> Vectors:
        """Return the task vectors that a recipe adds, but for those of M1 and M2.

        Raises:
            RecipeError: the triple has no vector of that name.
            CheckpointError: one cannot be had or does not fit.
        """
        wanted = [each.vector for each in recipe.add if each.vector not in OWN_VECTORS]
        with self._guard:  # loading may take a download: two who ask for one vector fetch it once
            for name in wanted:
                if name not in self._vectors:
                    loaded = load_vector(self._triple, name)
                    self._vectors[name] = {each: tensor.to(self._device) for each, tensor in loaded.items()}
                self._vectors.move_to_end(name)
            found = {name: self._vectors[name] for name in wanted}
            while len(self._vectors) > _MAX_VECTORS:
                self._vectors.popitem(last=False)
            return found

    def grams(self, name: str, first: str, second: str) -> Grams:
        """Return the Gram matrices of a name; they stay at hand until another name is asked for.

        Args:
            name: that a recipe carries.
            first: fingerprint of M1.
            second: fingerprint of M2.

        Raises:
            RecipeError: there are none of that name, or the file is broken.
        """
        with self._guard:
            if self._grams is None or self._grams[0] != name:
                loaded = load_grams(grams_path(first, second, name))
                one, other = (
                    {each: gram.to(self._device) for each, gram in part.items()}
                    for part in (loaded.first, loaded.second)
                )
                self._grams = (name, Grams(one, other))
            return self._grams[1]
