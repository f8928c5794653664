"""Medians of what is timed in turns, with what else the machine was doing."""

import os
import statistics
import time
from collections.abc import Callable, Mapping


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


def machine() -> str:
    """Say what machine this is and how busy: more than its cores are asked for means that figures are too high."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} ({'busy' if os.getloadavg()[0] > 1.5 else 'quiet'})"
