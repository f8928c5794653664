"""Which of each visitor's requests is the newest: that is all the page keeps of a visitor while it works."""

import threading


class Newest:
    """Which of each visitor's requests is the newest; older ones stop."""

    def __init__(self) -> None:
        self._stamps: dict[str, float] = {}
        self._guard = threading.Lock()

    def note(self, session: str, stamp: float) -> None:
        """Note a request; stamps of one visitor grow."""
        with self._guard:
            self._stamps[session] = max(stamp, self._stamps.get(session, stamp))

    def is_past(self, session: str, stamp: float) -> bool:
        """Say whether a newer request has come, or the visitor has left."""
        return self._stamps.get(session, float("inf")) > stamp

    def forget(self, session: str) -> None:
        """Forget a visitor who has left: everything of theirs is past."""
        with self._guard:
            self._stamps.pop(session, None)
