"""What a sweep's file says while it is filled: what is due, what need not be heard, which cell is best."""

from explorer.errors import ConfigError
from explorer.statistics import wer_interval
from explorer.sweep.file import Row, SweepFile
from explorer.sweep.hearing import Block, Corpora, Tallies


class Standing:
    """What a sweep's file says while it is filled: what is due, what need not be heard, which cell is best.

    Attributes:
        rows: M1, M2 and the cells, in the order of filling.
        says: the WER of the best complete cell and its interval; empty before the first.
    """

    def __init__(self, file: SweepFile, corpora: Corpora) -> None:
        """Look at a file.

        Raises:
            ConfigError: the clips are not those of the file.
        """
        if [[(utterance.id, utterance.speaker) for utterance in each] for each in corpora] != file.clips():
            raise ConfigError(f"{file.path}: was begun on other clips; give it the corpus and subset of its beginning.")
        self._file, self._corpora = file, corpora
        self.rows = sorted(file.rows(), key=lambda row: (row.number >= 0, abs(row.number)))
        self._states = {row.number: row.state for row in self.rows}
        self._prints = {row.fingerprint: row for row in self.rows if row.fingerprint and row.state != "error"}
        self._keys: dict[str, int] = {}
        for row in self.rows:
            self._keys.setdefault(row.merge_key, row.number)
        self._best: tuple[float, Tallies] | None = None
        self.says = ""
        for row in self.rows:
            if row.state == "done":
                self._consider(row)

    @property
    def due(self) -> list[Row]:
        """Return what is not settled; cells that ask for another cell's merge are settled here."""
        for row in self.rows:
            if self._states[row.number] == "waiting" and (other := self._keys[row.merge_key]) != row.number:
                self._settle(row, "same", same_as=other)
        return [row for row in self.rows if self._states[row.number] == "waiting"]

    @property
    def settled(self) -> int:
        """Count what needs nothing more."""
        return sum(state != "waiting" for state in self._states.values())

    @property
    def best(self) -> Tallies | None:
        """Return what the best cell made of all clips."""
        return self._best[1] if self._best else None

    def heard(self, row: Row) -> Tallies:
        """Return what a cell has made of its first clips."""
        return [self._file.heard(row.number, corpus) for corpus in range(len(self._corpora))]

    def admit(self, row: Row, fingerprint: str) -> bool:
        """Take note of a cell's weights; weights that another cell has, whose recipe asks for others, are an error."""
        other = self._prints.get(fingerprint)
        if other is not None and other.number != row.number:
            name = {-1: "M1", -2: "M2"}.get(other.number, f"cell {other.number}")
            says = f"has the weights of {name}, though its recipe asks for others; no number of it can be trusted."
            self._settle(row, "error", fingerprint, says=says)
            return False
        self._prints[fingerprint] = row
        self._file.settle(row.number, "waiting", fingerprint)
        return True

    def take(self, row: Row, block: Block) -> None:
        """Keep a block."""
        self._file.add(row.number, block.corpus, block.first, block.counts)

    def finish(self, row: Row, fingerprint: str, *, lost: bool) -> None:
        """Settle a cell that was heard."""
        self._settle(row, "stopped" if lost else "done", fingerprint)
        if not lost:
            self._consider(row)

    def _settle(self, row: Row, state: str, fingerprint: str = "", same_as: int | None = None, says: str = "") -> None:
        self._file.settle(row.number, state, fingerprint, same_as, says)
        self._states[row.number] = state

    def _consider(self, row: Row) -> None:
        if row.number < 0:
            return
        heard = self.heard(row)
        words = sum(tally.words for tally in heard[0])
        rate = sum(tally.errors for tally in heard[0]) / words if words else 1.0
        if self._best is None or rate < self._best[0]:
            self._best = rate, heard
            interval = wer_interval(heard[0])
            between = "" if interval is None else f" [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
            self.says = f"best {100 * rate:.1f} %{between}"
