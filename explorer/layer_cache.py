"""A bounded memory of what went into a network's layers: what a move of the hand left alone is not computed again."""

from collections import OrderedDict

from torch import Tensor

LIMIT_BYTES = 768 * 2**20


class LayerCache:
    """Tensors by key; when they take too much room, the least recently used go.

    Attributes:
        bytes: taken at present.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        """Begin with nothing.

        Args:
            limit_bytes: what may be kept; a tensor that is larger alone is never kept.
        """
        self.bytes = 0
        self._limit = limit_bytes
        self._kept: OrderedDict[str, tuple[Tensor, ...]] = OrderedDict()

    def get(self, key: str) -> tuple[Tensor, ...] | None:
        """Return what was kept under a key, or None; whoever gets it must not write to it."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, *tensors: Tensor) -> None:
        """Keep tensors under a key."""
        if key in self._kept:
            return
        self._kept[key] = tensors
        self.bytes += _size(tensors)
        while self.bytes > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self.bytes -= _size(oldest)


def _size(tensors: tuple[Tensor, ...]) -> int:
    return sum(tensor.nbytes for tensor in tensors)
