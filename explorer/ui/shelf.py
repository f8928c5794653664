"""What the page keeps of a visitor between two answers: the newest runs, their clips, the way of the merge.

It is kept in memory only, under an address nobody can guess, and it ends with the visit.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from explorer.charts.trade_off import TradeOffPoint
from explorer.corpora.utterance import Utterance
from explorer.report import Run
from explorer.summary import Json

MAX_VISITS = 64


@dataclass(frozen=True)
class Step:
    """A merge that was evaluated on two corpora.

    Attributes:
        recipe: as the browser sent it.
        point: its place between the corpora.
        setting: what has to agree before two points may stand in one picture.
    """

    recipe: Json
    point: TradeOffPoint
    setting: tuple[object, ...]


@dataclass
class Visit:
    """What is kept of one visitor.

    Attributes:
        address: 256 bits that only this visitor's answers name.
        runs: the newest, one for each corpus.
        clips: every utterance that an answer of this visit has named, by its number.
        steps: merges evaluated on two corpora, in their order.
    """

    address: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    runs: tuple[Run, ...] = ()
    clips: list[Utterance] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    _known: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)

    def number(self, utterance: Utterance) -> int:
        """Return the number of a clip of this visit; it stays, whatever is evaluated later."""
        key = (str(utterance.path), utterance.id)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.clips)
            self.clips.append(utterance)
        return known

    def put(self, runs: Sequence[Run], recipe: Json) -> None:
        """Keep what has just been evaluated; two corpora are a step on the way of the merge."""
        self.runs = tuple(runs)
        points = [point for point in _points(self.runs, len(self.steps)) if point.model == "merge"]
        if points:
            self.steps.append(Step(recipe, points[0], _setting(self.runs)))

    def trade_off(self) -> list[TradeOffPoint]:
        """Return every model of the newest runs between their two corpora, and where the merge has been before."""
        if not self.steps or len(self.runs) < 2:
            return _points(self.runs, None)
        setting = _setting(self.runs)
        before = [
            TradeOffPoint("merge", step.point.title, step.point.rates, step.point.intervals, number, current=False)
            for number, step in enumerate(self.steps[:-1])
            if step.setting == setting
        ]
        return [*before, *_points(self.runs, len(self.steps) - 1)]


class Shelf:
    """The visits of everyone who is here; the least recently used go when there are too many."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self._guard = threading.Lock()

    def visit(self, session: str) -> Visit:
        """Return what is kept of a visitor."""
        with self._guard:
            visit = self._visits.setdefault(session, Visit())
            self._visits.move_to_end(session)
            if len(self._visits) > MAX_VISITS:
                self._visits.popitem(last=False)
            return visit

    def at(self, address: str) -> Visit | None:
        """Find a visit by its address, or None when there is none, or no more."""
        with self._guard:
            for visit in self._visits.values():
                if secrets.compare_digest(visit.address.encode(), address.encode(errors="replace")):
                    return visit
        return None

    def clip(self, session: str, chosen: str) -> Utterance | None:
        """Find a clip as the page names it, ADDRESS/NUMBER; only in the visitor's own visit."""
        address, _, number = chosen.partition("/")
        visit = self.at(address)
        if visit is None or self._visits.get(session) is not visit or not number.isdecimal():
            return None
        return visit.clips[int(number)] if int(number) < len(visit.clips) else None

    def forget(self, session: str) -> None:
        """End a visit: its addresses lead nowhere any more."""
        with self._guard:
            self._visits.pop(session, None)


def _setting(runs: Sequence[Run]) -> tuple[object, ...]:
    return (
        runs[0].recipe.triple,
        runs[0].decoding,
        runs[0].rules,
        *((run.subset.get("fingerprint"), run.evaluation.done) for run in runs),
    )


def _points(runs: Sequence[Run], number: int | None) -> list[TradeOffPoint]:
    if len(runs) < 2:
        return []
    points = []
    for one, two in zip(runs[0].evaluation.results, runs[1].evaluation.results, strict=True):
        rates = (one.counts.wer, two.counts.wer)
        if rates[0] is None or rates[1] is None:
            continue
        title = runs[0].titles[one.model]
        if one.model == "merge":
            title = f"{title} {runs[0].recipe.summary}"
        points.append(
            TradeOffPoint(
                model=one.model,
                title=title,
                rates=(rates[0], rates[1]),
                intervals=(one.interval, two.interval),
                number=number if one.model == "merge" else None,
            )
        )
    return points
