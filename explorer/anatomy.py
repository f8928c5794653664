"""What fine-tuning changed: the task vectors of a triple in numbers, computed once and kept on disk.

For every weight matrix of attention and feed-forward parts: the length of τ1 and τ2, alone and relative to W0; the
cosine between them; the share of entries where they pull in opposite directions; their effective rank; and, where there
are heads, the same per head. For whole task vectors: where their energy lies, and how they are aligned.

Sign conflicts are what TIES resolves (arXiv 2306.01708); effective rank is exp of the entropy of the normalised
singular values (Roy and Vetterli 2007, doi 10.5281/zenodo.40622).
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.attention import PARTS, Matrix, layer_matrices, part_of
from explorer.checkpoints.cache import cache_folder
from explorer.checkpoints.fingerprint import fingerprint
from explorer.checkpoints.triple import Member, Triple, load_vector, tensor_digest
from explorer.threads import one_thread

VERSION = 1
_DIGITS = 7
Vector = Mapping[str, Tensor]


@dataclass
class Sums:
    """Sums over the entries of two task vectors and the base, from which every ratio follows; they add up over tensors.

    Attributes:
        base: Σ W0².
        first: Σ τ1².
        second: Σ τ2².
        product: Σ τ1·τ2.
        opposed: number of entries where τ1 and τ2 have opposite signs.
        both: number of entries where neither is zero.
    """

    base: float = 0.0
    first: float = 0.0
    second: float = 0.0
    product: float = 0.0
    opposed: int = 0
    both: int = 0

    def add(self, base: Tensor, first: Tensor, second: Tensor) -> None:
        """Add the entries of one tensor: W0, τ1 and τ2, float32 of one shape."""
        signs = first.sign() * second.sign()
        self.base += _product(base, base)
        self.first += _product(first, first)
        self.second += _product(second, second)
        self.product += _product(first, second)
        self.opposed += int((signs < 0).sum())
        self.both += int((signs != 0).sum())

    def numbers(self) -> dict[str, float]:
        """Return lengths, relative lengths, cosine in [−1, 1] and share of conflicts in [0, 1]; 0 where undefined."""
        lengths = {"norm_1": self.first**0.5, "norm_2": self.second**0.5, "norm_base": self.base**0.5}
        base = lengths["norm_base"]
        return _rounded(
            lengths
            | {"relative_1": lengths["norm_1"] / base if base else 0.0}
            | {"relative_2": lengths["norm_2"] / base if base else 0.0}
            | {"cosine": _cosine(self.product, self.first, self.second)}
            | {"conflicts": self.opposed / self.both if self.both else 0.0}
        )


def effective_rank(matrix: Tensor) -> float:
    """Return exp of the entropy of a matrix's normalised singular values: from 1 to its rank, 0 for a zero matrix.

    Args:
        matrix: float32, shape (rows, columns).
    """
    wide = matrix.double() if matrix.shape[0] <= matrix.shape[1] else matrix.double().T
    # Eigenvalues of the small side's Gram matrix: a tenth of the time of a singular value decomposition.
    values = torch.linalg.eigvalsh(wide @ wide.T).clamp_(min=0).sqrt()
    total = float(values.sum())
    if total == 0:
        return 0.0
    shares = values[values > 0] / total
    return float(torch.exp(-(shares * shares.log()).sum()))


def head_norms(vector: Tensor, heads: int, projection: str) -> list[float]:
    """Return the length of every head's part of a task vector.

    Args:
        vector: τ of an attention matrix, shape (width, width).
        heads: number of heads.
        projection: rows of q, k and v belong to heads, and columns of out.
    """
    rows = vector.T if projection == "out" else vector
    return [round(float(part.double().norm()), _DIGITS) for part in rows.reshape(heads, -1, rows.shape[1])]


def energy(vector: Vector) -> dict[str, float]:
    """Return the share of ‖τ‖² that lies in each part of the model; all 0 if τ is zero."""
    sums = dict.fromkeys(PARTS, 0.0)
    for name, tensor in vector.items():
        sums[part_of(name)] += _product(tensor, tensor)
    total = sum(sums.values())
    return _rounded({part: value / total if total else 0.0 for part, value in sums.items()})


def cosines(vectors: Iterable[Vector]) -> list[list[float]]:
    """Return the cosine of every task vector with every other, over all their tensors."""
    listed = list(vectors)
    products = [[_vector_product(one, other) for other in listed] for one in listed]
    return [
        [round(_cosine(products[i][j], products[i][i], products[j][j]), _DIGITS) for j in range(len(listed))]
        for i in range(len(listed))
    ]


def anatomy(triple: Triple, vectors: Mapping[str, Vector]) -> dict[str, Any]:
    """Compute all numbers of a triple.

    Args:
        triple: loaded.
        vectors: its task vectors by name, ``m1`` and ``m2`` first.

    Returns:
        ``vectors`` and their ``cosines``; ``energy`` of each by part; ``kinds``: numbers pooled over the layers of each
        stack and kind; ``matrices``: numbers of each weight matrix, from the bottom up.
    """
    base = triple.weights["m0"]
    pooled: dict[tuple[str, str], Sums] = {}
    rows = []
    for matrix in layer_matrices(base):
        first, second = (_of(vectors[member], matrix.name, base) for member in ("m1", "m2"))
        sums = Sums()
        for into in (sums, pooled.setdefault((matrix.stack, matrix.kind), Sums())):
            into.add(base[matrix.name], first, second)
        rows.append(_place(matrix) | sums.numbers() | _shape(matrix, first, second, triple.config))
    return {
        "version": VERSION,
        "triple": triple.spec.name,
        "vectors": list(vectors),
        "cosines": cosines(vectors.values()),
        "energy": {name: energy(vector) for name, vector in vectors.items()},
        "kinds": [{"stack": stack, "kind": kind} | sums.numbers() for (stack, kind), sums in sorted(pooled.items())],
        "matrices": rows,
    }


def kept_anatomy(triple: Triple, members: Mapping[Member, str], folder: Path | None = None) -> dict[str, Any]:
    """Return the numbers of a triple, computed the first time and read from disk afterwards.

    Args:
        triple: loaded.
        members: fingerprints of M0, M1 and M2.
        folder: where results are kept; by default in the app's cache.

    Raises:
        CheckpointError: a further task vector of the triple cannot be had.
    """
    base = triple.weights["m0"]
    vectors: dict[str, Vector] = {
        member: {name: weights[name] - base[name] for name in base if weights[name] is not base[name]}
        for member, weights in (("m1", triple.weights["m1"]), ("m2", triple.weights["m2"]))
    }
    vectors |= {name: load_vector(triple, name) for name in triple.spec.vectors}
    prints = [*members.values()]
    prints += [fingerprint({name: tensor_digest(each) for name, each in vector.items()}) for vector in vectors.values()]
    key = hashlib.sha256(json.dumps([VERSION, triple.spec.name, *vectors, *prints]).encode()).hexdigest()[:24]
    return _kept((folder or cache_folder() / "anatomy") / f"{key}.json", lambda: anatomy(triple, vectors))


def _kept(path: Path, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.get("version") == VERSION:
            return found
    with one_thread():
        found = compute()
    with contextlib.suppress(OSError):  # it is only a memory
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(json.dumps(found), encoding="utf-8")
        beside.replace(path)
    return found


def _place(matrix: Matrix) -> dict[str, Any]:
    return {"stack": matrix.stack, "layer": matrix.layer, "kind": matrix.kind, "projection": matrix.projection}


def _shape(matrix: Matrix, first: Tensor, second: Tensor, config: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _rounded({"rank_1": effective_rank(first), "rank_2": effective_rank(second)})
    found |= {"rows": first.shape[0], "columns": first.shape[1]}
    if matrix.kind != "feed-forward":
        heads = int(config[f"{matrix.stack}_attention_heads"])
        found["heads_1"] = head_norms(first, heads, matrix.projection)
        found["heads_2"] = head_norms(second, heads, matrix.projection)
    return found


def _of(vector: Vector, name: str, base: Mapping[str, Tensor]) -> Tensor:
    return vector[name] if name in vector else torch.zeros_like(base[name])


def _vector_product(one: Vector, other: Vector) -> float:
    return sum(_product(one[name], other[name]) for name in one if name in other)


def _product(one: Tensor, other: Tensor) -> float:
    return float(torch.dot(one.reshape(-1).double(), other.reshape(-1).double()))


def _cosine(product: float, first: float, second: float) -> float:
    lengths = (first * second) ** 0.5
    return max(-1.0, min(1.0, product / lengths)) if lengths else 0.0


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in numbers.items()}
