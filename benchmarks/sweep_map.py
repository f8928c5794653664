"""25 cells of the λ×α map over child clips, against 25 times the authors' procedure.

    python -m benchmarks.sweep_map --corpus KIND:PATH [--limit 100] [--ways fit-racing,fit,fit-racing-bfloat16]

Every sweep is the command line's own, in a process of its own with a memory that holds nothing but the weights, so that
all of it counts: imports, loading, features, merging, M1 and M2 beside the cells. The authors' procedure is that of
`one_point`, its first run, imports aside; 25 points of it are 25 times as long, for it remembers nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.merge_methods import ROOT
from benchmarks.one_point import prepare
from benchmarks.timing import machine, report
from explorer.checkpoints.cache import cache_folder

WAYS = {
    "fit-racing": ["--window", "fit"],
    "fit": ["--window", "fit", "--no-racing"],
    "fit-racing-bfloat16": ["--window", "fit", "--precision", "bfloat16"],
    "30-racing": ["--window", "30"],
    "30": ["--window", "30", "--no-racing"],
}
GRID = ["--lambda", "0.1:0.9:0.2", "--alpha", "0.2:1.0:0.2"]
CELLS = 25


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--triple", default="tiny-en")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--ways", default="fit-racing,fit,fit-racing-bfloat16")
    options = parser.parse_args()
    about = machine()  # before it is busy with this
    with tempfile.TemporaryDirectory(prefix="sa-merge-sweep-") as name:
        folder = Path(name)
        prepare(options, folder)
        command = [sys.executable, "-m", "benchmarks.one_point", "--way", "authors", "--folder", str(folder)]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        theirs = CELLS * float(json.loads(ran.stdout.splitlines()[-1])["cold wall s"])
        rows: list[dict[str, object]] = [{"way": f"authors, {CELLS} times", "wall s": theirs, "authors / way": 1.0}]
        for way in options.ways.split(","):
            seconds = swept(options, WAYS[way], folder / way)
            rows.append({"way": way, "wall s": seconds, "authors / way": theirs / seconds})
    report("sweep_map", {"clips": options.limit, "cells": CELLS, "machine": about, "rows": rows})


def swept(options: argparse.Namespace, settings: list[str], folder: Path) -> float:
    """Return the seconds that a whole sweep takes."""
    shutil.copytree(cache_folder() / "models", folder / "models")
    command = [sys.executable, "-m", "explorer", "sweep", "--triple", options.triple, "--corpus", options.corpus]
    command += ["--limit", str(options.limit), *GRID, *settings, "--out", str(folder / "map.sqlite")]
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=os.environ | {"SA_MERGE_CACHE": str(folder)}, capture_output=True, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
