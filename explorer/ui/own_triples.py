"""One's own checkpoints on the Explore tab: three repositories of the Hub, looked at, fetched, opened as a triple."""

import importlib
import re
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import gradio as gr

from explorer.config import Source, TripleSpec
from explorer.errors import ConfigError
from explorer.summary import Json
from explorer.ui.aside import Aside
from explorer.ui.long_work import LongWork, Press, fault
from explorer.ui.opening import Opening
from explorer.ui.pressing import on_press
from explorer.ui.recipe_panel import triple_row
from explorer.ui.sent import Sent, entry
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


class OwnTriples(LongWork):
    """The handlers of the section; one object serves everyone."""

    def __init__(self, opening: Opening) -> None:
        """Take the opening of the workbench; it knows whether visitors may name checkpoints of their own."""
        super().__init__(opening)

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

    def run(self, shown: Sent, request: gr.Request) -> Iterator[object]:
        """Look at three repositories, or fetch what was looked at and open it."""
        press, action = self._press(shown, request), entry(shown, "action")
        if not press.begins():
            yield gr.skip()  # cancelled: the work has been told, and says so itself
            return
        base: Json = {"stamp": press.stamp, "action": action, "asked": entry(shown, "asked")}
        fetching = action == "fetch"
        try:
            if action == "cancel":  # pressed before the work was even sent
                raise _StoppedError
            if not self._opening.own_places:
                raise ConfigError(words.REFUSED)
            if fetching:
                yield from self._fetch(shown, base, press)
            else:
                yield from self._look(base, press)
        except _StoppedError:
            # A newer press of this visitor goes on from here; only who pressed Cancel is told.
            if not press.overtaken():
                says = words.STOPPED_FETCHING if fetching else words.STOPPED_LOOKING
                yield base | {"state": "stopped", "notice": says, "look": entry(shown, "look")}
        except Exception as error:
            says = fault(error)
            if not press.overtaken():
                yield base | {"state": "error", "notice": says, "look": entry(shown, "look")}

    def _look(self, base: Json, press: Press) -> Iterator[Json]:
        spec = _asked(base["asked"])
        self._opening.workbench()  # torch is there by now, not at the start
        look = importlib.import_module("explorer.checkpoints.hub_look").look

        def work(progress: "Progress") -> "Look":
            found: Look = look(spec, lambda repo: progress(words.LOOKING.format(repo=repo), 0, 0))
            return found

        found = yield from _followed(work, base, press)
        fits = words.LOOKED if found.needed else words.LOOKED_HERE
        yield base | {
            "state": "looked",
            "notice": words.LOOKED_FAULT if found.triple is None else fits,
            "look": asdict(found),
        }

    def _fetch(self, shown: Sent, base: Json, press: Press) -> Iterator[Json]:
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

        yield from _followed(work, base, press)
        spec, bench = self._opening.config.triple(triple), self._opening.bench(triple)
        told = words.OPENED.format(title=spec.title)
        row = triple_row(spec, bench.depths)
        yield base | {"state": "opened", "notice": told, "triple": row}


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


def _followed(work: "Callable[[Progress], _T]", base: Json, press: Press) -> Generator[Json, None, _T]:
    """Do something aside, and yield how far it is until it is done.

    Raises:
        _StoppedError: the visitor pressed Cancel, something else, or has left.
        BaseException: what ``work`` raised.
    """
    told = _Told()

    def progress(says: str, here: int, total: int) -> None:
        if press.past():
            raise _StoppedError
        told.note(says, here, total)

    aside = Aside(lambda: work(progress))
    for _ in aside.looks():
        if press.past():
            raise _StoppedError  # the thread hears of it with its next byte
        yield base | {"state": "running"} | told.value()
    if press.past():
        raise _StoppedError
    return aside.result()


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
