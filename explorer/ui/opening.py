"""Opening the workbench behind the page: the page answers first, torch and the weights come after.

Importing torch and transformers takes longer than serving the page, so this is the one place that imports late.
"""

import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from explorer.config import Config
from explorer.errors import ExplorerError
from explorer.ui.aside import Aside
from explorer.ui.text import common

if TYPE_CHECKING:
    from pathlib import Path

    from explorer.bench import Bench
    from explorer.errand import Elsewhere
    from explorer.hypotheses import HypothesisStore
    from explorer.needles import Needles
    from explorer.workbench import Workbench

_log = logging.getLogger(__name__)


class Opening:
    """Loads the workbench and the default triple in a thread of its own.

    Attributes:
        says: what is being done now, in a few words for the page.
    """

    def __init__(
        self, config: Config, device: str = "auto", *, own_places: bool = False, elsewhere: "Elsewhere | None" = None
    ) -> None:
        """Take the configuration; ``start`` begins.

        Args:
            config: of checkpoints.yaml.
            device: ``cpu``, ``cuda`` or ``auto``.
            own_places: whether visitors may name checkpoints of their own by folder or repository.
            elsewhere: where clips may be heard instead of on ``device``.
        """
        self.own_places = own_places
        self.config = config
        self.says = common.LOADING
        self._device = device
        self._elsewhere = elsewhere
        self._workbench: Workbench | None = None
        self._needles: Needles | None = None
        self._error: ExplorerError | None = None
        self._ready = threading.Event()

    def start(self) -> None:
        """Begin to load, in the background."""
        threading.Thread(target=self._load, name="opening", daemon=True).start()

    def waiting(self, seconds: float) -> bool:
        """Wait up to ``seconds``; say whether there is still something to wait for."""
        return not self._ready.wait(seconds)

    def workbench(self) -> "Workbench":
        """Return the workbench, waiting for it if need be.

        Raises:
            ExplorerError: it could not be opened.
        """
        self._ready.wait()
        if self._workbench is None:
            raise self._error or ExplorerError("The models could not be loaded; the terminal says why.")
        return self._workbench

    def needles(self) -> "Needles":
        """Return the needles of the workbench, waiting for it if need be.

        Raises:
            ExplorerError: it could not be opened.
        """
        workbench = self.workbench()
        if self._needles is None:
            self._needles = importlib.import_module("explorer.needles").Needles(workbench)
        return self._needles

    def bench(self, triple: str) -> "Bench":
        """Open a triple, telling the page how far its download is.

        Raises:
            CheckpointError: it cannot be had or does not fit together.
            ConfigError: there is no such triple.
        """
        return self.workbench().bench(triple, self.progress)

    def told(self, says: str, work: Callable[[], object]) -> Iterator[str]:
        """Do something slow in a thread, such as a download, and yield how far it is until it is done.

        Args:
            says: what is being done, until ``progress`` knows more.
            work: the thing to do.

        Raises:
            BaseException: what ``work`` raised.
        """
        self.says = says
        aside = Aside(work)
        for _ in aside.looks():
            yield self.says
        aside.result()

    def progress(self, what: str, done: int, total: int) -> None:
        """Note how far a download is."""
        if total:
            share = {"percent": 100 * done / total, "megabytes": total / 1e6}
            self.says = common.PROGRESS_SHARE.format(what=what, **share)
        else:
            self.says = common.PROGRESS.format(what=what, megabytes=done / 1e6)

    def _store(self) -> "HypothesisStore | None":
        hypotheses = importlib.import_module("explorer.hypotheses")
        cache: Path = importlib.import_module("explorer.checkpoints.cache").cache_folder()
        try:
            store: HypothesisStore = hypotheses.HypothesisStore(cache)
        except ExplorerError as error:
            # It is only a memory: without it the page works, and decodes again what it has decoded before.
            _log.warning("%s", error)
            return None
        return store

    def _load(self) -> None:
        try:
            started = time.monotonic()
            workbench = importlib.import_module("explorer.workbench").Workbench(
                self.config, self._device, self._store(), own_places=self.own_places, elsewhere=self._elsewhere
            )
            # The default triple's own failure is told to whoever asks for it: other triples may work.
            self._workbench = workbench
            base = importlib.import_module("explorer.checkpoints.base")
            with base.terminal_progress() as bar:

                def progress(what: str, done: int, total: int) -> None:
                    self.progress(what, done, total)
                    bar(what, done, total)

                workbench.bench(workbench.default_recipe().triple, progress)
            self.says = common.LOADED.format(seconds=time.monotonic() - started)
        except ExplorerError as error:
            self._error = error
        finally:
            self._ready.set()
