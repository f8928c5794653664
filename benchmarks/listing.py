"""How long it takes to list 100,000 utterances: first start, second start from the index, counts while typing.

    python -m benchmarks.listing

A manifest and a tree in MyST's layout (100,000 recordings and as many transcripts, in 100 students' 1,000 sessions) are
made in a temporary folder, with a cache of their own, and removed afterwards. The disk's cache is warm: on a network
share reading 100,000 files takes what the share takes, and the index saves all but a look at each. The ratio is to
what the plain way takes, which reads every transcript each time.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.timing import machine, medians
from explorer.corpora.filters import HALVES
from explorer.corpora.index import clear_indexes
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import SubsetSpec, count
from explorer.corpora.utterance import Utterance

UTTERANCES = 100_000
ROUNDS = 3
HOUR = 3_600


def main() -> None:
    """Print a table of medians."""
    with tempfile.TemporaryDirectory(prefix="sa-merge-listing-") as name:
        root = Path(name)
        os.environ["SA_MERGE_CACHE"] = str(root / "cache")
        sys.stderr.write("Writing 300,000 files…\n")
        manifest, tree = build_manifest(root / "manifest"), build_tree(root / "myst")
        sys.stdout.write(f"{UTTERANCES:,} utterances; {machine()}; medians of {ROUNDS}, in seconds\n")
        found = medians(
            {
                "manifest": lambda: opened(f"manifest:{manifest}"),
                "MyST, read the plain way": lambda: read_plainly(tree),
                "MyST, first start": lambda: (clear_indexes(), opened(f"myst:{tree}")),
                "MyST, second start": lambda: opened(f"myst:{tree}"),
            },
            ROUNDS,
        )
        utterances = opened(f"myst:{tree}")
        found |= medians({f"counts of {text!r}": counting(utterances, text) for text in ("", "module = WA")}, ROUNDS)
        half = HALVES["up to 30 s"]
        started = time.perf_counter()
        counting(utterances, half)()
        found[f"counts of {half!r}, once (reads {UTTERANCES:,} headers)"] = time.perf_counter() - started
        found |= medians({f"counts of {half!r}, then": counting(utterances, half)}, ROUNDS)
        plainly = found["MyST, read the plain way"]
        for what, seconds in found.items():
            ratio = f"  {seconds / plainly:5.2f} × the plain way" if "start" in what else ""
            sys.stdout.write(f"{what:60}{seconds:8.2f}{ratio}\n")


def opened(corpus: str) -> tuple[Utterance, ...]:
    """Open a corpus and check that all of it is there."""
    utterances = open_corpus(corpus).utterances
    assert len(utterances) == UTTERANCES
    return utterances


def counting(utterances: tuple[Utterance, ...], expression: str) -> Callable[[], object]:
    """Return what counts a filter."""
    return lambda: count(utterances, SubsetSpec(expression=expression, split="train", limit=100))


def read_plainly(tree: Path) -> None:
    """List recordings and read transcripts as a script would."""
    lines = {path.stem: path.read_text(encoding="utf-8").split("\n")[0] for path in tree.rglob("*.trn")}
    assert len([path for path in tree.rglob("*.flac") if path.stem in lines]) == UTTERANCES


def a_sound(path: Path) -> bytes:
    """A tenth of a second of noise, as FLAC."""
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 1_600), 16_000)
    return path.read_bytes()


def build_manifest(root: Path) -> Path:
    """A folder with metadata.jsonl and its audio, a thousand clips a folder."""
    root.mkdir()
    sound = a_sound(root / "sound.flac")
    rows = []
    for number in range(UTTERANCES):
        path = root / f"{number // 1_000:03d}" / f"{number:06d}.flac"
        if number % 1_000 == 0:
            path.parent.mkdir()
        path.write_bytes(sound)
        row = {"file_name": f"{path.parent.name}/{path.name}", "text": "it lights up", "speaker": str(number // 1_000)}
        rows.append(json.dumps(row | {"age": 6 + number % 6, "gender": "fm"[number % 2], "duration": 0.1}))
    (root / "metadata.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return root


def build_tree(root: Path) -> Path:
    """MyST's layout; an hour old, for what has just been written is not trusted to an index."""
    root.mkdir()
    sound = a_sound(root / "sound.flac")
    for session in range(UTTERANCES // 100):
        name = f"myst_{session // 10:06d}_2010-04-02_00-00-00_WA_{session % 10}.1"
        folder = root / "data" / "train" / f"{session // 10:06d}" / name
        folder.mkdir(parents=True)
        for number in range(100):
            (folder / f"{name}_{number:03d}.flac").write_bytes(sound)
            (folder / f"{name}_{number:03d}.trn").write_bytes(b"it lights up <BREATH>\n")
    for parent, _, files in os.walk(root):
        for path in (parent, *(f"{parent}{os.sep}{file}" for file in files)):
            os.utime(path, (time.time() - HOUR,) * 2)
    return root


if __name__ == "__main__":
    main()
