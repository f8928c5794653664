"""The most likely token without the whole product: half the memory says which few may win, float32 says which does.

A step of a small Whisper's decoder waits for memory most of the time, and most of that is the matrix of the vocabulary
(51,864 × 384 numbers of tiny.en, 80 MB). A copy of it in 16 bits takes half as long to read or less; how far its scores
can be off is bounded, and whatever the bound leaves in the race is scored again in float32, mostly one or two tokens.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import linear

from explorer.kept import Kept

# Of a score, in units of the type's rounding and of both norms' product: the hidden state, the matrix and the score
# itself are rounded once each; the rest is for the float32 sum of up to 2,000 products.
_ROUNDINGS = 3.25
_ROUNDING = {torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8}
# Below such norms the smallest numbers of float16, which are rounded more coarsely, would count.
_MIN_HIDDEN, _MIN_ROW = 1.0, 0.05
_FEW = 4  # rows; float16 is multiplied a row at a time
_MOST = 64  # tokens a row; where the bound leaves more, the whole product is no slower

Ban = Callable[[Tensor], None]


class Screen:
    """A matrix of the vocabulary and its copy in 16 bits."""

    def __init__(self, matrix: Tensor, dtype: torch.dtype, kept: Kept | None = None, name: str | None = None) -> None:
        """Copy a matrix, or recall its copy.

        Args:
            matrix: float32, shape (vocabulary, width), width at most 2,000; it stays as it is while this is in use.
            dtype: float16 or bfloat16.
            kept: a memory of copies; None: there is none.
            name: its fingerprint; None: not known, and nothing is kept.
        """
        self._matrix, self._copy = matrix, copied(matrix, dtype, kept, name)
        largest = _memory(kept, name).recall((name, "norm"), None, lambda: matrix.norm(dim=1).max()).clamp(min=_MIN_ROW)
        self._doubt = 2 * _ROUNDINGS * _ROUNDING[dtype] * largest  # of two scores, for a hidden state of norm 1

    def best(self, hidden: Tensor, ban: Ban) -> list[int]:
        """Return the token of each row that scores highest in float32, the first of several.

        Args:
            hidden: float32, shape (rows, width).
            ban: gives what must not be said the score −∞, in place; shape (rows, vocabulary).
        """
        if self._copy.dtype == torch.float16 and len(hidden) > _FEW:
            return best(hidden, self._matrix, ban)
        rough = linear(hidden.to(self._copy.dtype), self._copy)
        ban(rough)
        doubt = self._doubt * hidden.norm(dim=1).clamp(min=_MIN_HIDDEN)
        places, tokens = torch.nonzero(rough >= (rough.amax(dim=1) - doubt)[:, None], as_tuple=True)
        counts = torch.bincount(places, minlength=len(hidden)).tolist()
        # None in the race: scores beyond the range of 16 bits.
        if min(counts) < 1 or max(counts) > _MOST:
            return best(hidden, self._matrix, ban)
        if len(tokens) == len(hidden):
            return tokens.tolist()
        exact = (hidden[places] * self._matrix[tokens]).sum(dim=1)
        rows = zip(torch.split(exact, counts), torch.split(tokens, counts), strict=True)
        return [int(those[scores.argmax()]) for scores, those in rows]


def copied(matrix: Tensor, dtype: torch.dtype, kept: Kept | None, name: str | None) -> Tensor:
    """Return a matrix in another type, recalled by its fingerprint where it may be; arguments as ``Screen``'s."""
    return _memory(kept, name).recall((name, dtype), None, lambda: matrix.to(dtype))


def _memory(kept: Kept | None, name: str | None) -> Kept:
    return kept if kept is not None and name is not None else Kept(0)


def best(hidden: Tensor, matrix: Tensor, ban: Ban) -> list[int]:
    """Return the token of each row that scores highest, by the whole product; arguments as ``Screen.best``'s."""
    scores = linear(hidden, matrix)
    ban(scores)
    return scores.argmax(dim=-1).tolist()


def screen_of(
    matrix: Tensor, rows: int, kept: Kept | None = None, name: str | None = None, *, guessed: bool = False
) -> Screen | None:
    """Return a screen where it pays: on processors that have fast products of 16 bits.

    Args:
        matrix: of the vocabulary.
        rows: to be decoded; float16 is the faster for one, bfloat16 for several.
        kept: a memory of copies; None: there is none.
        name: the matrix's fingerprint; None: not known, and nothing is kept.
        guessed: whether several tokens of a row are scored together.
    """
    if matrix.device.type != "cpu" or matrix.dtype != torch.float32:
        return None
    able = torch.cpu.get_capabilities()
    is_fast = able.get("avx512_bf16") or able.get("amx_bf16")
    if rows == 1 and not (guessed and is_fast):
        return Screen(matrix, torch.float16, kept, name) if able.get("f16c") else None
    return Screen(matrix, torch.bfloat16, kept, name) if is_fast else None
