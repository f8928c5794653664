"""How far the needle can be trusted: pairs of merges for which both it and the word error rate are known.

Each evaluation adds its models to a small file in the app's cache; one such record is shipped. What is counted is how
often, of two merges measured in the same way, the one with the better needle also had the better WER.
"""

import contextlib
import itertools
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "needle.jsonl"
MAX_POINTS = 2_000


@dataclass(frozen=True)
class Point:
    """One model, measured both ways.

    Attributes:
        triple: fingerprints of M0, M1 and M2.
        setting: of everything else that has to be the same before two points may be compared: the needle's clips, the
            subset, the window, the normaliser.
        weights: fingerprint of the model.
        needle: nats per token.
        wer: on the subset, a fraction.
    """

    triple: str
    setting: str
    weights: str
    needle: float
    wer: float


@dataclass(frozen=True)
class Agreement:
    """How often a better needle meant a better WER.

    Attributes:
        agreeing: pairs in which it did.
        pairs: of models measured in the same way that differ in both.
        models: how many models these pairs are made of.
    """

    agreeing: int
    pairs: int
    models: int

    def says(self, models: str, place: str) -> str:
        """Say it in a sentence.

        Args:
            models: what was compared, in the plural.
            place: where, for example "on 60 clips of dev-child".
        """
        coin = f"{self.pairs / 2:g}"
        found = (
            f"In {self.agreeing} of {self.pairs} pairs of {models} {place} a better needle meant a better WER; "
            f"a coin would get {coin}."
        )
        return f"{found} {_NO_GUIDE}" if 2 * self.agreeing < self.pairs else found


# A merge is less sure of itself than a parent that was trained to the last: that alone moves the needle.
_NO_GUIDE = "So it tells how likely a merge finds the reference, and not how many words it gets right: read the words."


def agreement(points: Iterable[Point]) -> Agreement:
    """Count over all pairs of points that may be compared; of a model measured again the newest point counts."""
    settings: dict[tuple[str, str], dict[str, Point]] = {}
    for point in points:
        settings.setdefault((point.triple, point.setting), {})[point.weights] = point
    agreeing = pairs = 0
    seen = set()
    for models in settings.values():
        for one, other in itertools.combinations(models.values(), 2):
            if one.needle != other.needle and one.wer != other.wer:
                pairs += 1
                agreeing += (one.needle < other.needle) == (one.wer < other.wer)
                seen |= {one.weights, other.weights}
    return Agreement(agreeing, pairs, len(seen))


class NeedleRecord:
    """The points of this installation: a file only its owner can read, with numbers and fingerprints in it."""

    def __init__(self, folder: Path, max_points: int = MAX_POINTS) -> None:
        """Name the file; it is made when there is something to keep.

        Args:
            folder: of the app's cache.
            max_points: kept; when there are more, the older half goes.
        """
        self._path = folder / FILE_NAME
        self._max_points = max_points

    def points(self, triple: str) -> list[Point]:
        """Return a triple's points, the oldest first; lines that are no points are passed over."""
        return [point for point in self._all() if point.triple == triple]

    def add(self, points: Sequence[Point]) -> None:
        """Keep points; a disk that is full loses them, for they are only a memory."""
        with contextlib.suppress(OSError):
            kept = [*self._all(), *points]
            if len(kept) > self._max_points:
                kept = kept[-self._max_points // 2 :]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside = self._path.with_name(f".{FILE_NAME}.{os.getpid()}")
            with os.fdopen(
                os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                file.writelines(json.dumps(asdict(point)) + "\n" for point in kept)
            beside.replace(self._path)

    def clear(self) -> int:
        """Forget all points and return how many there were."""
        forgotten = len(self._all())
        for each in (self._path, *self._path.parent.glob(f".{FILE_NAME}.*")):  # the latter of a process that was killed
            each.unlink(missing_ok=True)
        return forgotten

    def _all(self) -> list[Point]:
        found: list[Point] = []
        with contextlib.suppress(OSError, UnicodeDecodeError):
            for line in self._path.read_text(encoding="utf-8").splitlines():
                point = _point(line)
                if point is not None:
                    found.append(point)
        return found


def _point(line: str) -> Point | None:
    try:
        entries: dict[str, Any] = json.loads(line)
        triple, setting, weights = (str(entries[name]) for name in ("triple", "setting", "weights"))
        return Point(triple, setting, weights, float(entries["needle"]), float(entries["wer"]))
    except (ValueError, TypeError, KeyError):
        return None
