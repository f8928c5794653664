"""Something slow is done in a thread of its own, while the page is told how far it is."""

import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

WAIT_SECONDS = 0.4  # between two looks
_T = TypeVar("_T")


class Aside(Generic[_T]):
    """Something slow in a thread of its own, begun at once.

    Attributes:
        done: whether it has ended well.
    """

    def __init__(self, work: Callable[[], _T]) -> None:
        """Begin.

        Args:
            work: what is done.
        """
        self.done = False
        self._came: list[_T] = []
        self._failed: list[BaseException] = []
        self._working = threading.Thread(target=self._run, args=(work,), name="aside", daemon=True)
        self._working.start()

    def looks(self) -> Iterator[None]:
        """Yield now and then until it is done, first at once."""
        while self._working.is_alive():
            yield
            self._working.join(WAIT_SECONDS)

    def result(self) -> _T:
        """Return what it gave, waiting for it if need be.

        Raises:
            BaseException: what it raised.
        """
        self._working.join()
        if self._failed:
            raise self._failed[0]
        return self._came[0]

    def _run(self, work: Callable[[], _T]) -> None:
        try:
            self._came.append(work())
            self.done = True
        except BaseException as error:  # whatever it is: whoever waits is told
            self._failed.append(error)
