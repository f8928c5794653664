"""The same sweep on Ray: an actor for each device holds the triple, cells are tasks, the file stays with the driver.

Ray starts an actor that died anew and gives it its cell again; what it had heard of that cell is lost, nothing else.
A cell's numbers do not depend on who heard it. Which cells are stopped early may: a cell races against the best one
that is known when it is handed out.
"""

import importlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from explorer.checkpoints.cache import no_progress
from explorer.config_file import read_config
from explorer.errors import ConfigError
from explorer.heap import keep_freed_memory
from explorer.sweep.file import Row, SweepFile
from explorer.sweep.hearing import Block, Corpora, Tallies, hearer_of
from explorer.sweep.racing import Race
from explorer.sweep.run import Progress
from explorer.sweep.standing import Standing
from explorer.transcription.decoding import Halt
from explorer.workbench import Workbench

Answer = tuple[str, list[Block]]


class Worker:
    """Holds the triple on one device and hears cells."""

    def __init__(self, config: Path, device: str, about: dict[str, Any], corpora: Corpora) -> None:
        """Open the triple.

        Args:
            config: checkpoints.yaml, readable on every node.
            device: ``cpu``, ``cuda`` or ``auto``.
            about: of the sweep's file.
            corpora: clips, readable on every node.
        """
        keep_freed_memory()  # as the command line does
        workbench = Workbench(read_config(config), device)
        bench = workbench.bench(about["base"]["triple"], no_progress)
        self._hearer = hearer_of(bench, about, Halt(), alone=True)
        self._corpora = corpora

    def race(self, row: Row, heard: Tallies, best: Tallies | None, race: Race) -> Answer:
        """Hear a cell to its end, or until it is lost."""
        return self._hearer.fingerprint(row), list(self._hearer.race(row, self._corpora, heard, best, race))


def sweep_on_ray(
    file: SweepFile,
    corpora: Corpora,
    race: Race,
    config: Path,
    *,
    workers: int,
    device: str = "auto",
    address: str | None = None,
) -> Iterator[Progress]:
    """Fill a sweep's file with Ray; see ``run.sweep``.

    Args:
        file: begun or taken up.
        corpora: the clips of the file.
        race: rules of stopping early.
        config: checkpoints.yaml.
        workers: how many actors, one for each device.
        device: of each.
        address: of a cluster that runs; None starts Ray on this machine.

    Raises:
        ConfigError: Ray is not installed, or the clips are not those of the file.
    """
    try:
        ray: Any = importlib.import_module("ray")
    except ImportError:
        raise ConfigError("--ray: Ray is not installed; pip install -r requirements-ray.txt.") from None
    standing = Standing(file, corpora)
    ray.init(address=address, ignore_reinit_error=True, log_to_driver=False, include_dashboard=False)
    has_gpus = device == "auto" and ray.cluster_resources().get("GPU", 0) >= 1
    needs = {"num_gpus": 1} if device == "cuda" or has_gpus else {"num_cpus": 1}
    actor = ray.remote(max_restarts=-1, max_task_retries=-1, **needs)(Worker)
    idle = [actor.remote(config, device, file.about(), corpora) for _ in range(workers)]
    started, heard, fresh = time.monotonic(), 0, 0
    at_work: dict[Any, tuple[Any, Row]] = {}
    due = standing.due

    def progress(*, ended: bool = False) -> Progress:
        seconds = time.monotonic() - started
        return Progress(heard, standing.settled, fresh, len(standing.rows), seconds, standing.says, ended)

    try:
        while due or at_work:
            while due and idle:
                row, worker = due.pop(0), idle.pop()
                best = standing.best if row.number >= 0 else None
                at_work[worker.race.remote(row, standing.heard(row), best, race)] = worker, row
            ready, _ = ray.wait(list(at_work))
            for each in ready:
                worker, row = at_work.pop(each)
                fingerprint, blocks = ray.get(each)
                idle.append(worker)
                if standing.admit(row, fingerprint):
                    for block in blocks:
                        standing.take(row, block)
                        heard += len(block.counts)
                    standing.finish(row, fingerprint, lost=bool(blocks) and blocks[-1].lost)
                    fresh += 1
            yield progress()
    finally:
        for worker in [*idle, *(worker for worker, _ in at_work.values())]:
            ray.kill(worker)
    yield progress(ended=True)
