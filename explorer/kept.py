"""A bounded memory for what is computed on the way: merged task vectors, log-mel features, the encoder's output.

Moving one parameter leaves much of the work as it was. Nothing in here is needed: without it everything is slower and
the same.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from torch import Tensor

# Merged task vectors of Whisper small take 0.8 GB; those of bigger models are computed anew.
LIMIT_BYTES = 1 << 30
_SMALL = 64  # what a number takes, more or less

Item = TypeVar("Item", Tensor, float)


class Kept:
    """Results by what they are (their slot), each with what it depends on (its key).

    A slot holds one result: the last. When all take more than ``limit`` bytes, those not asked for longest go.

    Attributes:
        limit: in bytes; 0 keeps nothing.
        size: bytes taken now.
    """

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        """Start empty.

        Args:
            limit: in bytes.
        """
        self.limit = limit
        self.size = 0
        self._guard = threading.Lock()  # never held while something is computed
        self._items: OrderedDict[Hashable, tuple[Hashable, Tensor | float]] = OrderedDict()

    def recall(self, slot: Hashable, key: Hashable, compute: Callable[[], Item]) -> Item:
        """Return what ``slot`` holds if it was computed for ``key``; otherwise it is computed, and kept.

        Args:
            slot: what the result is, for example the merged task vector of one tensor.
            key: everything else the result depends on.
            compute: gives the result; nobody may write to it afterwards.
        """
        found = self.find(slot, key)
        if found is None:
            with self._guard:
                self._drop(slot)  # before the new one is made, which then takes its place in memory
            self.keep(slot, key, found := compute())
        return cast(Item, found)

    def find(self, slot: Hashable, key: Hashable) -> Tensor | float | None:
        """Return what ``slot`` holds if it was computed for ``key``, else None."""
        with self._guard:
            held = self._items.get(slot)
            if held is None or held[0] != key:
                return None
            self._items.move_to_end(slot)
            return held[1]

    def keep(self, slot: Hashable, key: Hashable, item: Tensor | float) -> None:
        """Let ``slot`` hold a result in place of what it held; what is too big for all is not kept."""
        with self._guard:
            self._drop(slot)
            if _bytes(item) <= self.limit:
                self._items[slot] = (key, item)
                self.size += _bytes(item)
                while self.size > self.limit:
                    self._drop(next(iter(self._items)))

    def _drop(self, slot: Hashable) -> None:
        held = self._items.pop(slot, None)
        if held is not None:
            self.size -= _bytes(held[1])


def _bytes(item: Tensor | float) -> int:
    return item.numel() * item.element_size() if isinstance(item, Tensor) else _SMALL
