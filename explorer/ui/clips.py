"""Which clip the page means, and where the visitor's browser can fetch its sound."""

from collections.abc import Mapping
from pathlib import Path

from explorer.audio import Clip, load_clip
from explorer.corpora.utterance import Utterance
from explorer.summary import Json
from explorer.ui.sent import Sent, entry
from explorer.ui.shelf import Shelf
from explorer.ui.text.explore import OWN_CLIP


class Clips:
    """The sample clips, those of a visitor's evaluations, and the one in the player."""

    def __init__(self, samples: Mapping[str, Utterance], shelf: Shelf) -> None:
        """Take where clips are.

        Args:
            samples: sample clips by id.
            shelf: has the clips of a visitor's evaluations.
        """
        self.samples = samples
        self._shelf = shelf

    def sample(self, chosen: Sent) -> Utterance | None:
        """Find the sample clip that is chosen."""
        return self.samples.get(str(entry(chosen, "id")))

    def evaluated(self, chosen: Sent, session: str) -> Utterance | None:
        """Find a clip of this visitor's evaluations."""
        return self._shelf.clip(session, str(entry(chosen, "id")))

    def clip(self, chosen: Sent, player: str | None, session: str) -> Clip | None:
        """Load the clip that is chosen or in the player; None without any.

        Raises:
            AudioError: it cannot be read.
        """
        named = self._named(chosen, player, session)
        return load_clip(named.path, named.id) if named else None

    def mark(self, chosen: Sent, clip: Clip) -> str:
        """Name the clip so that the browser can tell whether two answers are of the same."""
        sample = self.sample(chosen)
        return sample.id if sample else clip.digest[:16]

    def sound(self, chosen: Sent, player: str | None, session: str) -> Json | None:
        """Return where the sound of the clip can be fetched for as long as the visit lasts."""
        named = self._named(chosen, player, session)
        if named is None:
            return None
        visit = self._shelf.visit(session)
        return {"visit": visit.address, "clip": visit.number(named)}

    def _named(self, chosen: Sent, player: str | None, session: str) -> Utterance | None:
        named = self.sample(chosen) or self.evaluated(chosen, session)
        if named is None and player:
            return Utterance(OWN_CLIP, Path(player), "", "")
        return named
