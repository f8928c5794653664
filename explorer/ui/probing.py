"""What the Explore tab does about the likelihood of what was said: the needle, which layer did it, what lies behind."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.attention import LANES
from explorer.corpora.utterance import Utterance
from explorer.errors import RecipeError
from explorer.measures import LAYER_MEASURES, MEASURES, layer_numbers
from explorer.summary import Json
from explorer.ui.long_work import fault
from explorer.ui.newest import Newest
from explorer.ui.opening import Opening
from explorer.ui.sent import Sent, entry, recipe_entries, stamp_of
from explorer.ui.shelf import Shelf
from explorer.ui.text.anatomy import FAILED
from explorer.ui.text.explore import LAYERS_STOPPED, NEEDLE_NO_CLIPS, NEEDLE_UNTRIED, OWN_CLIP

MAX_CLIPS = 8
DEADLINE_SECONDS = 120.0
LAYERS_SECONDS = 1_800.0


class Probing:
    """The handlers; one object serves everyone."""

    def __init__(self, opening: Opening, samples: Mapping[str, Utterance], shelf: Shelf) -> None:
        """Take what the section works with.

        Args:
            opening: of the workbench.
            samples: sample clips by id.
            shelf: has the clips of a visitor's evaluations, and keeps those pinned here.
        """
        self._opening = opening
        self._samples = samples
        self._shelf = shelf
        self._needle, self._layers = Newest(), Newest()
        self._measured: dict[str, Json] = {}

    def announce(self, asked: Sent, request: gr.Request) -> None:
        """Say at once, past the queue, that an older reading of this visitor is no longer wanted."""
        self._needle.note(str(request.session_hash), stamp_of(asked))

    def announce_layers(self, asked: Sent, request: gr.Request) -> None:
        """Say at once that an older search, or with ``cancel`` any, is no longer wanted."""
        self._layers.note(str(request.session_hash), stamp_of(asked))

    def leave(self, request: gr.Request) -> None:
        """Stop what a visitor who has left had asked for."""
        for each in (self._needle, self._layers):
            each.forget(str(request.session_hash))

    def read(
        self, asked: Sent, chosen: Sent, player: str | None, reference: str | None, request: gr.Request
    ) -> Iterator[object]:
        """Read the needle for a recipe on the pinned clips.

        Args:
            asked: {recipe, pins, add, stamp}: ids of the pinned clips or None for the usual ones, and whether the clip
                that is open is to be pinned too.
            chosen: which clip is open.
            player: a clip of the visitor's own.
            reference: what was said in it.
            request: tells the visitor.
        """
        session, stamp = str(request.session_hash), stamp_of(asked)
        self._needle.note(session, stamp)
        try:
            sent = recipe_entries(asked)
            if self._opening.waiting(0):
                yield {"state": "loading"}
            needles = self._opening.needles()
            recipe = needles.workbench.recipe(sent, "page")
            if not needles.workbench.is_open(recipe.triple):
                yield {"state": "loading"}
            bench = self._opening.bench(recipe.triple)
            present = self._present(chosen, player, reference, session)
            pinned, gone = self._pinned(asked, present, session)
            if not pinned:
                yield {"state": "error", "notice": NEEDLE_NO_CLIPS, "clips": [], "pinned": True}
                return
            halt = needles.workbench.halt(DEADLINE_SECONDS, lambda: self._needle.is_past(session, stamp))
            values = needles.values(bench, recipe, [each for _, each in pinned], halt)
            yield {
                "state": "done",
                "recipe": sent,
                "stamp": stamp,
                "values": {"merge": values.merge, "m1": values.m1, "m2": values.m2, "tokens": values.tokens},
                "clips": [{"id": name, "title": each.title, "reference": each.reference} for name, each in pinned],
                "pinned": entry(asked, "pins") is not None or bool(entry(asked, "add")),
                "gone": gone,
                "trust": needles.trust(bench) or [NEEDLE_UNTRIED],
                "live": bench.live.device.type != "cpu",
            }
        except Exception as error:
            yield gr.skip() if self._needle.is_past(session, stamp) else {"state": "error", "notice": fault(error)}

    def which(
        self, asked: Sent, chosen: Sent, player: str | None, reference: str | None, request: gr.Request
    ) -> Iterator[object]:
        """Say which layer did it, with progress; ``asked`` as for ``read``, and ``cancel`` to stop what is at work."""
        session, stamp = str(request.session_hash), stamp_of(asked)
        self._layers.note(session, stamp)
        if entry(asked, "cancel"):
            yield {"state": "stopped", "notice": LAYERS_STOPPED}
            return
        try:
            sent = recipe_entries(asked)
            yield {"state": "running"}
            needles = self._opening.needles()
            recipe = needles.workbench.recipe(sent, "page")
            bench = self._opening.bench(recipe.triple)
            pinned, _ = self._pinned(asked, self._present(chosen, player, reference, session), session)
            halt = needles.workbench.halt(LAYERS_SECONDS, lambda: self._layers.is_past(session, stamp))
            utterances = [each for _, each in pinned]
            if not utterances:
                raise RecipeError(NEEDLE_NO_CLIPS)
            search = importlib.import_module("explorer.which_layer").which_layer
            for state in search(needles, bench, recipe, utterances, halt):
                if "rows" not in state:
                    yield {"state": "running", **state}
            names = [{"id": name, "title": each.title} for name, each in pinned]
            clips = [clip | name for clip, name in zip(state["clips"], names, strict=True)]
            yield {**state, "state": "done", "recipe": sent, "clips": clips, "stamp": stamp}
        except Exception as error:
            yield gr.skip() if self._layers.is_past(session, stamp) else {"state": "error", "notice": fault(error)}

    def behind(self, asked: Sent) -> Iterator[object]:
        """Measure what can be laid behind the curve of a triple: {triple, stamp} → its measures by lane and layer."""
        triple = str(entry(asked, "triple"))
        try:
            self._opening.config.triple(triple)
            if triple not in self._measured:
                for says in self._opening.told(triple, lambda: self._measure(triple)):
                    yield {"state": "loading", "notice": says, "triple": triple}
            yield {"state": "done", "triple": triple, "measures": self._measured[triple]}
        except Exception as error:
            yield {"state": "error", "notice": fault(error, FAILED), "triple": triple}

    def _measure(self, triple: str) -> None:
        matrices = self._opening.workbench().anatomy(self._opening.bench(triple))["matrices"]
        self._measured[triple] = {name: _spec(name, layer_numbers(matrices, name)) for name in LAYER_MEASURES}

    def _present(
        self, chosen: Sent, player: str | None, reference: str | None, session: str
    ) -> tuple[str, Utterance] | None:
        """Return the clip that is open, if what was said in it is known."""
        name = str(entry(chosen, "id"))
        named = self._found(name, session)
        if named is not None:
            return (name, named) if named.reference.strip() else None
        if not player or not (reference or "").strip():
            return None
        visit = self._shelf.visit(session)
        # Its path and words name it: the same recording with other words is another.
        own = Utterance(f"{OWN_CLIP}: {str(reference).strip()}", Path(player), str(reference).strip(), OWN_CLIP)
        return f"{visit.address}/{visit.number(own)}", own

    def _pinned(
        self, asked: Sent, present: tuple[str, Utterance] | None, session: str
    ) -> tuple[list[tuple[str, Utterance]], int]:
        """Return the clips to read, and how many pins lead nowhere any more."""
        pins = entry(asked, "pins")
        if isinstance(pins, list):
            found = {str(name): self._found(str(name), session) for name in pins[: 2 * MAX_CLIPS]}
            kept = {name: each for name, each in found.items() if each is not None and each.path.is_file()}
        else:
            found, kept = {}, {name: each for name, each in self._samples.items() if each.reference.strip()}
        if present is not None and (entry(asked, "add") or not isinstance(pins, list)):
            kept = {present[0]: present[1], **kept}
        return list(kept.items())[:MAX_CLIPS], len(found) - sum(name in kept for name in found)

    def _found(self, name: str, session: str) -> Utterance | None:
        return self._samples.get(name) or self._shelf.clip(session, name)


def _spec(name: str, lanes: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Describe a measure as ``SAMerge.behind`` takes it."""
    row = MEASURES[name]
    shown = {lane: [row.scaled(value) for value in lanes[lane]] for lane in LANES if lane in lanes}
    values = [value for each in shown.values() for value in each]
    low, high = min(values, default=0.0), max(values, default=0.0)
    signed = low < 0
    # Bars that are all nearly as high would hide how layers differ: their foot is not zero then, as the legend says.
    foot = min(0.0, low) if low < high / 2 else max(0.0, low - (high - low) / 2)
    return {
        "key": name,
        "title": row.label,
        "says": row.meaning,
        "lanes": shown,
        "low": foot,
        "high": max(high, 0.0),
        "unit": "%" if row.percent else "",
        "signed": signed,
    }
