"""Which of each visitor's requests is the newest: that is all the page keeps of a visitor while it works."""

import threading

CANCELLED = 0.5  # added to a request's stamp: no newer one, but no more of this one


class Newest:
    """Which of each visitor's requests is the newest; older ones stop."""

    def __init__(self) -> None:
        self._stamps: dict[str, float] = {}
        self._begun: dict[str, float] = {}
        self._guard = threading.Lock()

    def note(self, session: str, stamp: float) -> None:
        """Note a request; stamps of one visitor grow."""
        with self._guard:
            self._stamps[session] = max(stamp, self._stamps.get(session, stamp))

    def cancel(self, session: str, stamp: float) -> None:
        """Note that a visitor wants no more of a request, and nothing in its place."""
        self.note(session, stamp + CANCELLED)

    def begin(self, session: str, stamp: float) -> bool:
        """Note a request and say whether work on it begins now; not twice.

        Cancel is pressed on the value that the work writes to: what comes with it may be what the work said last, which
        looks like the request itself.
        """
        self.note(session, stamp)
        with self._guard:
            begun, self._begun[session] = self._begun.get(session) == stamp, stamp
        return not begun

    def is_past(self, session: str, stamp: float) -> bool:
        """Say whether a newer request has come, or the visitor has left."""
        return self._stamps.get(session, float("inf")) > stamp

    def forget(self, session: str) -> None:
        """Forget a visitor who has left: everything of theirs is past."""
        with self._guard:
            self._stamps.pop(session, None)
            self._begun.pop(session, None)
