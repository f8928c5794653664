"""Gram matrices on disk: what RegMean knows of the clips that M1 and M2 were made to hear.

One file for each name a user gives, in a folder of the app's cache that belongs to the weights of M1 and M2: matrices
of other weights can never be taken by mistake. It holds sums over all positions of all clips, from which no clip can
be told. A name is given once: a recipe that carries it means the same for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from explorer.checkpoints.cache import cache_folder, disk_errors_named
from explorer.errors import RecipeError


@dataclass(frozen=True, eq=False)
class Grams:
    """Gram matrices XᵀX/n of the inputs of linear layers, float32, shape (inputs, inputs).

    Attributes:
        first: of M1, by the name of the layer's weight.
        second: of M2.
    """

    first: Mapping[str, Tensor]
    second: Mapping[str, Tensor]

    def of(self, name: str) -> tuple[Tensor, Tensor] | None:
        """Return the two matrices of one weight, or None if it has none."""
        return (self.first[name], self.second[name]) if name in self.first and name in self.second else None


def grams_path(first: str, second: str, name: str) -> Path:
    """Return where matrices are kept.

    Args:
        first: fingerprint of M1.
        second: fingerprint of M2.
        name: given by the user; letters, digits, dots and dashes.
    """
    return cache_folder() / "grams" / f"{first}-{second}" / f"{name}.safetensors"


def save_grams(path: Path, grams: Grams) -> None:
    """Write matrices; the file is there whole or not at all.

    Raises:
        SourceError: the disk is full or closed.
    """
    tensors = {f"m1 {name}": tensor.contiguous() for name, tensor in grams.first.items()}
    tensors |= {f"m2 {name}": tensor.contiguous() for name, tensor in grams.second.items()}
    with disk_errors_named("written", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}")
        save_file(tensors, beside)
        beside.replace(path)


def load_grams(path: Path) -> Grams:
    """Read matrices.

    Raises:
        RecipeError: there are none of that name, or the file is broken.
    """
    if not path.is_file():
        names = ", ".join(sorted(each.stem for each in path.parent.glob("[!.]*.safetensors"))) or "none"
        raise RecipeError(
            f"grams: no Gram matrices called {path.stem!r} for this triple (there are: {names}); "
            f"make them with python -m explorer grams."
        )
    try:
        tensors = load_file(path)
    except Exception as error:  # safetensors and the disk have errors of their own
        raise RecipeError(f"grams: {path.name}: is broken; remove it and make it again ({path.parent}).") from error
    parted: dict[str, dict[str, Tensor]] = {"m1": {}, "m2": {}}
    for key, tensor in tensors.items():
        member, _, name = key.partition(" ")
        parted.setdefault(member, {})[name] = tensor
    return Grams(parted["m1"], parted["m2"])
