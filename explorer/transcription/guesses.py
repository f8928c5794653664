"""What a clip's text may be, by how it was heard before: a guess that one step of the decoder checks, all at once.

A step of a small decoder waits for its weights, and for many tokens hardly longer than for one. Models of one triple
hear much the same in a clip; so what one has heard is put to the next, which says at every place what it would say
itself. Up to the first place where that is something else the guess was right, and all of it was found in one step.
A guess changes how many steps a text takes, and not the text: each token is the model's own, as in a batch of another
size. In bfloat16, where the size of a batch may tip the scales between two words, nothing is guessed.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence

_CLIPS = 20_000  # a text takes about half a kilobyte, one of 224 tokens eight
_ALIKE = 3  # tokens that are compared


class Guesses:
    """The tokens that were last heard in clips, whatever the model; of ``_CLIPS`` clips, those heard last.

    Several threads may use it.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._guard = threading.Lock()
        self._texts: OrderedDict[Hashable, tuple[int, ...]] = OrderedDict()

    def of(self, clip: Hashable) -> tuple[int, ...]:
        """Return the tokens last heard in a clip; none if that is not known."""
        with self._guard:
            return self._texts.get(clip, ())

    def note(self, clip: Hashable, tokens: Sequence[int]) -> None:
        """Keep what was heard in a clip."""
        with self._guard:
            self._texts[clip] = tuple(tokens)
            self._texts.move_to_end(clip)
            if len(self._texts) > _CLIPS:
                self._texts.popitem(last=False)


def guess(earlier: Sequence[int], said: Sequence[int]) -> Sequence[int]:
    """Guess how a text goes on.

    Args:
        earlier: tokens that were heard in the clip before.
        said: tokens so far.

    Returns:
        The rest of ``earlier`` behind the place that looks most like the end of ``said``; where nothing does, behind
        as many tokens as were said, as if the last one stood in another's place.
    """

    def likeness(place: int) -> tuple[int, int]:
        alike = 0
        while alike < min(_ALIKE, place, len(said)) and earlier[place - 1 - alike] == said[-1 - alike]:
            alike += 1
        return alike, -abs(place - len(said))

    return earlier[max(range(len(earlier) + 1), key=likeness) :]
