"""The app, in which the first run of every long work comes to a bad end in its middle: FAILS says whether it breaks off
in a way that nobody foresaw, or hangs."""

import os
import runpy
import time
from pathlib import Path

import explorer.checkpoints.hub_look
import explorer.comparison
import explorer.learning.lesson
import explorer.saving
import explorer.sweep.run
import explorer.ui.striping
import explorer.workbench


def failing(work):
    """A generator that ends badly after its first value, and when it is called again works as it should."""
    before = []

    def run(*arguments, **options):
        steps = iter(work(*arguments, **options))
        if not before:
            before.append(True)
            yield next(steps)
            if os.environ["FAILS"] == "hang":
                time.sleep(600)
            raise ZeroDivisionError("nobody foresaw this")
        return (yield from steps)

    return run


def never(*_arguments):
    raise ZeroDivisionError("nobody foresaw this")


explorer.workbench.Workbench.evaluate = failing(explorer.workbench.Workbench.evaluate)
explorer.comparison.compare = failing(explorer.comparison.compare)
explorer.sweep.run.sweep = failing(explorer.sweep.run.sweep)
explorer.learning.lesson.learn = failing(explorer.learning.lesson.learn)
explorer.saving.write_zip = failing(explorer.saving.write_zip)
explorer.ui.striping.stripe = failing(explorer.ui.striping.stripe)
explorer.checkpoints.hub_look.look = never
runpy.run_path(str(Path(__file__).parents[2] / "app.py"), run_name="__main__")
