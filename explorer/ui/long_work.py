"""Long work of a visitor: announced past the queue, told while it lasts, called off, left; the newest press counts."""

import logging
from dataclasses import dataclass

import gradio as gr

from explorer.errors import ExplorerError
from explorer.ui.newest import CANCELLED, Newest
from explorer.ui.opening import Opening
from explorer.ui.sent import Sent, entry, stamp_of
from explorer.ui.text import common

_log = logging.getLogger(__name__)


def fault(error: Exception, unforeseen: str = common.BROKE) -> str:
    """Return what a visitor is told of an error, in one sentence; of one that nobody foresaw the terminal says more.

    Args:
        error: that ended the work.
        unforeseen: what is said of an error that is not this program's own.
    """
    if isinstance(error, ExplorerError):
        return str(error)
    _log.error("Work for a visitor of the page broke off.", exc_info=error)
    return unforeseen


@dataclass(frozen=True)
class Press:
    """One press of one visitor.

    Attributes:
        session: of the visitor.
        stamp: of the press; those of one visitor grow.
        newest: knows what else the visitor has pressed.
    """

    session: str
    stamp: float
    newest: Newest

    def begins(self) -> bool:
        """Say whether work on it begins now; not twice (see ``Newest.begin``)."""
        return self.newest.begin(self.session, self.stamp)

    def past(self) -> bool:
        """Say whether the visitor wants no more of it: they cancelled, pressed something newer, or have left."""
        return self.newest.is_past(self.session, self.stamp)

    def overtaken(self) -> bool:
        """Say whether nothing more is to be told: a newer press goes on from here, or nobody is there any more."""
        return self.newest.is_past(self.session, self.stamp + CANCELLED)


class LongWork:
    """What all handlers of long work have in common; one object serves everyone."""

    def __init__(self, opening: Opening) -> None:
        """Take the opening of the workbench."""
        self._opening = opening
        self._running = Newest()

    def announce(self, shown: Sent, request: gr.Request) -> None:
        """Say at once, past the queue, that older work of this visitor, or with ``cancel`` this, is not wanted."""
        note = self._running.cancel if entry(shown, "action") == "cancel" else self._running.note
        note(str(request.session_hash), stamp_of(shown))

    def cancel(self, shown: Sent, request: gr.Request) -> object:
        """Stop this visitor's work at the next token, or before it starts; what is finished stays."""
        self._running.cancel(str(request.session_hash), stamp_of(shown))
        return None

    def leave(self, request: gr.Request) -> None:
        """Stop the work of a visitor who has left."""
        self._running.forget(str(request.session_hash))

    def _press(self, shown: Sent, request: gr.Request) -> Press:
        """Note a press, whose turn has come."""
        press = Press(str(request.session_hash), stamp_of(shown), self._running)
        self._running.note(press.session, press.stamp)
        return press
