"""A sweep in this process: cell by cell, block by block, with the file as its only memory."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from explorer.sweep.file import SweepFile
from explorer.sweep.hearing import Corpora, Hearer
from explorer.sweep.racing import Race
from explorer.sweep.standing import Standing
from explorer.transcription.decoding import InterruptedDecodingError


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Attributes:
        heard: clips heard by cells in this run.
        settled: cells that need nothing more, those of earlier runs among them.
        fresh: of them, those that this run has heard.
        cells: all, M1 and M2 among them.
        seconds: of this run.
        best: WER of the best complete cell so far and its 95 % interval, in words; empty before the first.
        ended: nothing more will come.
        stopped: it was cancelled before its end.
    """

    heard: int
    settled: int
    fresh: int
    cells: int
    seconds: float
    best: str = ""
    ended: bool = False
    stopped: bool = False

    @property
    def remaining(self) -> float | None:
        """Estimate the seconds to go from the cells that this run has heard, or None before the first."""
        return self.seconds / self.fresh * (self.cells - self.settled) if self.fresh else None


def sweep(file: SweepFile, hearer: Hearer, corpora: Corpora, race: Race) -> Iterator[Progress]:
    """Fill a sweep's file; what is in it already is not heard again.

    Args:
        file: begun or taken up.
        hearer: with the triple.
        corpora: the clips of the file, in its order; the first corpus is the one whose errors are to be few.
        race: rules of stopping early.

    Yields:
        Progress after every block; the last one says ``ended``.

    Raises:
        ConfigError: the clips are not those of the file.
        AudioError: a clip cannot be read.
    """
    standing = Standing(file, corpora)
    started, heard, fresh = time.monotonic(), 0, 0

    def progress(*, ended: bool = False, stopped: bool = False) -> Progress:
        seconds = time.monotonic() - started
        return Progress(heard, standing.settled, fresh, len(standing.rows), seconds, standing.says, ended, stopped)

    yield progress()
    try:
        for row in standing.due:
            hearer.halt.check()
            fingerprint, lost = hearer.fingerprint(row), False
            if standing.admit(row, fingerprint):
                best = standing.best if row.number >= 0 else None
                for block in hearer.race(row, corpora, standing.heard(row), best, race):
                    standing.take(row, block)
                    heard, lost = heard + len(block.counts), block.lost
                    yield progress()
                standing.finish(row, fingerprint, lost=lost)
                fresh += 1
            yield progress()
    except InterruptedDecodingError:
        yield progress(ended=True, stopped=True)
        return
    yield progress(ended=True)
