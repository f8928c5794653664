"""Corpora of the Hub that have to be fetched before anything can be heard in them."""

from collections.abc import Iterator, Sequence
from functools import partial

from explorer.ui.choosing import Choosing, Place
from explorer.ui.opening import Opening


def fetched(places: Sequence[Place], opening: Opening, choosing: Choosing) -> Iterator[str]:
    """Fetch what is missing, telling how far it is; whoever stops asking leaves it to go on in the background.

    Args:
        places: that are wanted.
        opening: knows how far a download is.
        choosing: opens corpora.

    Raises:
        ExplorerError: a corpus cannot be had.
    """
    for place in places:
        if missing := choosing.missing(place):
            yield from opening.told(missing, partial(choosing.fetch, place, opening.progress))
