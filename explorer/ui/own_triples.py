"""One's own checkpoints on the Explore tab: three repositories of the Hub, looked at, fetched, opened as a triple."""

import importlib
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import gradio as gr

from explorer.config import Source, TripleSpec
from explorer.errors import ConfigError, ExplorerError
from explorer.summary import Json
from explorer.ui.newest import CANCELLED, Newest
from explorer.ui.opening import WAIT_SECONDS, Opening
from explorer.ui.pressing import on_press
from explorer.ui.recipe_panel import triple_row
from explorer.ui.sent import Sent, entry, stamp_of
from explorer.ui.text import hub as words

if TYPE_CHECKING:
    from explorer.checkpoints.cache import Progress
    from explorer.checkpoints.hub_look import Look

_T = TypeVar("_T")
LONGEST = 200  # characters of a field
AT_ONCE = 4  # visitors who look or fetch
_RATE_SECONDS = 2.0  # a download has to run before it is told how long it will take
# What people copy from the browser instead of a name.
_PAGE = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?:models/)?")
_TREE = re.compile(r"^([^/]+/[^/]+)/(?:tree|commit)/([^/]+)/?$")


class _StoppedError(Exception):
    """The visitor wants no more of it."""


class OwnTriples:
    """The handlers of the section; one object serves everyone."""

    def __init__(self, opening: Opening) -> None:
        """Take what the section works with.

        Args:
            opening: of the workbench; it knows whether visitors may name checkpoints of their own.
        """
        self._opening = opening
        self._running = Newest()

    def lay_out(self) -> None:
        """Build the section: its value is {state, notice, stamp, action, asked, …}; ``submit`` is any press."""
        section = gr.HTML(
            value={"state": "", "stamp": 0},
            html_template="",
            js_on_load="SAMerge.mountHub(element, props, trigger, watch); // fires 'submit'",
            allowed=self._opening.own_places,
            longest=LONGEST,
            elem_id="hub",
        )
        on_press(section, self.announce, self.run, [section], "hub", at_once=AT_ONCE)

    def announce(self, shown: Sent, request: gr.Request) -> None:
        """Say at once, past the queue, that older work of this visitor, or this, is no longer wanted."""
        note = self._running.cancel if entry(shown, "action") == "cancel" else self._running.note
        note(str(request.session_hash), stamp_of(shown))

    def leave(self, request: gr.Request) -> None:
        """Stop the download of a visitor who has left; what has arrived stays."""
        self._running.forget(str(request.session_hash))

    def run(self, shown: Sent, request: gr.Request) -> Iterator[object]:
        """Look at three repositories, or fetch what was looked at and open it."""
        session, stamp, action = str(request.session_hash), stamp_of(shown), entry(shown, "action")
        if not self._running.begin(session, stamp):
            yield gr.skip()  # cancelled: the work has been told, and says so itself
            return
        base: Json = {"stamp": stamp, "action": action, "asked": entry(shown, "asked")}
        fetching = action == "fetch"
        try:
            if action == "cancel":  # pressed before the work was even sent
                raise _StoppedError
            if not self._opening.own_places:
                raise ConfigError(words.REFUSED)
            if fetching:
                yield from self._fetch(shown, base, session)
            else:
                yield from self._look(base, session)
        except _StoppedError:
            # A newer press of this visitor goes on from here; only who pressed Cancel is told.
            if not self._running.is_past(session, stamp + CANCELLED):
                says = words.STOPPED_FETCHING if fetching else words.STOPPED_LOOKING
                yield base | {"state": "stopped", "notice": says, "look": entry(shown, "look")}
        except ExplorerError as error:
            if not self._running.is_past(session, stamp + CANCELLED):
                yield base | {"state": "error", "notice": str(error), "look": entry(shown, "look")}

    def _look(self, base: Json, session: str) -> Iterator[Json]:
        spec = _asked(base["asked"])
        self._opening.workbench()  # torch is there by now, not at the start
        look = importlib.import_module("explorer.checkpoints.hub_look").look

        def work(progress: "Progress") -> "Look":
            found: Look = look(spec, lambda repo: progress(words.LOOKING.format(repo=repo), 0, 0))
            return found

        found = yield from self._followed(work, base, session)
        fits = words.LOOKED if found.needed else words.LOOKED_HERE
        yield base | {
            "state": "looked",
            "notice": words.LOOKED_FAULT if found.triple is None else fits,
            "look": asdict(found),
        }

    def _fetch(self, shown: Sent, base: Json, session: str) -> Iterator[Json]:
        base |= {"look": entry(shown, "look")}
        triple = entry(base["look"], "triple")
        if not isinstance(triple, str):
            raise ConfigError(words.LOOKED_FAULT)
        self._opening.workbench()
        fetch = importlib.import_module("explorer.checkpoints.hub_look").fetch

        def work(progress: "Progress") -> None:
            fetch(triple, lambda repo, done, total: progress(words.FETCHING.format(repo=repo), done, total))
            progress(words.OPENING, 0, 0)
            self._opening.bench(triple)

        yield from self._followed(work, base, session)
        spec, bench = self._opening.config.triple(triple), self._opening.bench(triple)
        told = words.OPENED.format(title=spec.title)
        row = triple_row(spec, bench.depths)
        yield base | {"state": "opened", "notice": told, "triple": row}

    def _followed(self, work: "Callable[[Progress], _T]", base: Json, session: str) -> Generator[Json, None, _T]:
        """Do something in a thread, and yield how far it is until it is done.

        Raises:
            _StoppedError: the visitor pressed Cancel, something else, or has left.
            ExplorerError: what ``work`` raised.
        """
        stamp, told = base["stamp"], _Told()
        done: list[_T] = []
        failed: list[BaseException] = []

        def progress(says: str, here: int, total: int) -> None:
            if self._running.is_past(session, stamp):
                raise _StoppedError
            told.note(says, here, total)

        def run() -> None:
            try:
                done.append(work(progress))
            except BaseException as error:
                failed.append(error)

        working = threading.Thread(target=run, name="hub", daemon=True)
        working.start()
        while working.is_alive():
            yield base | {"state": "running"} | told.value()
            working.join(WAIT_SECONDS)
            if self._running.is_past(session, stamp):
                raise _StoppedError  # the thread hears of it with its next byte
        if failed:
            raise failed[0]
        return done[0]


class _Told:
    """How far a download is: bytes, and the seconds it will still take."""

    def __init__(self) -> None:
        self._says, self._here, self._total = "", 0, 0
        self._began: tuple[float, int] | None = None

    def note(self, says: str, here: int, total: int) -> None:
        if total and self._began is None:
            self._began = (time.monotonic(), here)
        self._says, self._here, self._total = says, here, total

    def value(self) -> Json:
        if not self._total or self._began is None:
            return {"notice": self._says}
        seconds, came = time.monotonic() - self._began[0], self._here - self._began[1]
        known = seconds > _RATE_SECONDS and came > 0
        left = (self._total - self._here) * seconds / came if known else None
        return {"notice": self._says, "done": self._here, "total": self._total, "remaining": left}


def _asked(asked: Sent) -> TripleSpec:
    """Read the form: of each member a repository, and a revision if it is not main.

    Raises:
        ConfigError: a repository is missing.
    """
    members: dict[str, Source] = {}
    for role, title in words.ROLES.items():
        repo, revision = (_text(entry(entry(asked, role), key)) for key in ("repo", "revision"))
        repo = _PAGE.sub("", repo, count=1).rstrip("/")
        if tree := _TREE.match(repo):
            repo, revision = tree[1], revision or tree[2]
        if not repo:
            raise ConfigError(words.NO_REPOSITORY.format(role=title))
        members[role] = Source(repo=repo, revision=revision or "main")
    return TripleSpec(name="hub", title="", base=members["base"], m1=members["m1"], m2=members["m2"])


def _text(value: Sent) -> str:
    return value.strip()[:LONGEST] if isinstance(value, str) else ""
