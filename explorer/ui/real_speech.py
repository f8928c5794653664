"""Real speech on the Explore tab: clips of a corpus, fetched from the Hub or read from a folder, to choose from."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from explorer.config import Config
from explorer.corpora.open import READERS
from explorer.corpora.utterance import Utterance
from explorer.errors import RecipeError
from explorer.summary import Json
from explorer.ui.choosing import Choosing, Place
from explorer.ui.fetching import fetched
from explorer.ui.long_work import LongWork, fault
from explorer.ui.opening import Opening
from explorer.ui.pressing import PLUMBING, told_if_refused
from explorer.ui.sent import Sent, entry
from explorer.ui.shelf import Shelf
from explorer.ui.text import explore as words

CLIPS = 8
# What the filter says for a corpus of the Hub: it has adults as well.
CHILDREN = "age <= 14"
_SAMPLES = "samples"


class RealSpeech(LongWork):
    """The handlers of the section; one object serves everyone."""

    def __init__(self, config: Config, opening: Opening, choosing: Choosing, shelf: Shelf, *, open_: bool) -> None:
        """Take what the section works with.

        Args:
            config: of checkpoints.yaml.
            opening: fetches, and tells how far it is.
            choosing: opens corpora.
            shelf: keeps a visitor's clips.
            open_: whether visitors may name folders of this machine.
        """
        super().__init__(opening)
        self._config = config
        self._open = open_
        self._choosing = choosing
        self._shelf = shelf

    def lay_out(self) -> None:
        """Build the section; its value is {state, notice, rows, stamp}, and ``submit`` asks for clips."""
        allowed = self._choosing.corpora()
        corpora: dict[str, Any] = {
            spec.name: {"note": spec.note, "filter": CHILDREN if spec.repo else ""}
            for spec in self._config.corpora
            if spec.name in allowed and spec.name != _SAMPLES
        }
        section = gr.HTML(
            value={"state": "", "notice": "", "rows": [], "stamp": 0},
            html_template="",
            js_on_load="SAMerge.mountRealSpeech(element, props, trigger, watch); // fires 'submit'",
            corpora=corpora,
            kinds={name: reader.holds for name, reader in READERS.items()} if self._open else {},
            words=words.REAL_SPEECH,
            elem_id="real-speech",
        )
        section.submit(self.announce, section, None, **PLUMBING)
        drawing = section.submit(
            self.draw, section, section, concurrency_limit=2, show_progress="hidden", api_visibility="private"
        )
        told_if_refused(drawing, section)

    def draw(self, shown: Sent, request: gr.Request) -> Iterator[Json]:
        """Open a corpus, fetching it if need be, and draw some clips evenly over its speakers."""
        press = self._press(shown, request)

        def value(state: str, notice: str, rows: list[Json] | None = None) -> Json:
            return {"state": state, "notice": notice, "rows": rows or [], "stamp": press.stamp}

        try:
            place = _place(shown, int(press.stamp) % 2**31)
            for says in fetched([place], self._opening, self._choosing):
                if press.past():
                    return
                yield value("working", says)
            # No list of hypotheses can be named here, so nothing is normalised.
            chosen = self._choosing.choose(place, str)
        except Exception as error:
            yield value("error", fault(error))
            return
        visit = self._shelf.visit(press.session)
        rows = [_row(each) | {"visit": visit.address, "clip": visit.number(each)} for each in chosen.subset.utterances]
        yield value("done", words.REAL_DRAWN.format(corpus=chosen.title, clips=len(rows), note=chosen.note), rows)


def _place(shown: Sent, seed: int) -> Place:
    """Read the form.

    Raises:
        RecipeError: neither a corpus nor a folder is named.
    """
    corpus, kind, folder, expression = (
        text if isinstance(text := entry(shown, key), str) else "" for key in ("corpus", "kind", "folder", "filter")
    )
    if not corpus.strip() and not folder.strip():
        raise RecipeError("Real speech: choose a corpus, or name a folder.")
    return Place(corpus, kind, folder, expression=expression, limit=CLIPS, seed=seed)


def _row(utterance: Utterance) -> Json:
    age = words.YEARS.format(age=utterance.age) if utterance.age is not None else ""
    seconds = words.SECONDS.format(seconds=utterance.duration) if utterance.duration else ""
    facts = " · ".join(part for part in (words.REAL_SPEAKER.format(speaker=utterance.speaker), age, seconds) if part)
    return {"title": utterance.id, "reference": utterance.reference, "facts": facts}
