"""Medians of what is timed in turns, with what else the machine was doing."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch


def medians(
    works: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Time each piece of work once a round, after one round that does not count; medians, in seconds.

    Args:
        works: by name.
        rounds: that count.
        clock: ``time.process_time`` for work of one thread that reads nothing: a busy machine matters less to it.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(rounds + 1):
        for name, work in works.items():
            started = clock()
            work()
            if round_:
                seconds[name].append(clock() - started)
    return {name: statistics.median(times) for name, times in seconds.items()}


def machine(device: str = "cpu") -> str:
    """Say what machine this is and how busy; asked before a benchmark begins, whose own load would count else."""
    if device == "cuda":
        return f"{torch.cuda.get_device_name()}, {os.cpu_count()} cores"
    load = os.getloadavg()[0]
    about = f"{os.cpu_count()} cores{_processor()}, torch {torch.__version__}"
    return f"{about}, load {load:.1f} ({'busy' if load > 1.5 else 'quiet'})"


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    return next((f" of {line.partition(':')[2].strip()}" for line in lines if line.startswith("model name")), "")


def report(name: str, document: dict[str, object]) -> None:
    """Write a document as JSON into ``benchmarks/results``, and its rows as a Markdown table to standard output.

    Args:
        name: of the file, without ending.
        document: with ``rows``: dictionaries with the same keys.
    """
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = document["rows"]
    assert isinstance(rows, list)
    told = ", ".join(f"{key}: {value}" for key, value in document.items() if key != "rows")
    heads = list(rows[0])
    lines = [told, "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_shown(row[head]) for head in heads) + " |" for row in rows]
    sys.stdout.write("\n".join(lines) + "\n")


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
