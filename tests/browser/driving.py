"""Driving the page: a server in a process of its own, and what a hand does."""

import os
import subprocess
import sys
import time
from pathlib import Path

from material import free_port, wait_for
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
APP = ROOT / "app.py"


class Server:
    """``python app.py`` in a process of its own, with no way to any network but this machine's.

    ``environment`` is what it finds in its environment beside what is there, ``program`` what runs in the app's place.
    """

    def __init__(self, log: Path, *options: str, program: Path = APP, **environment: str) -> None:
        self.port = int(environment.get("GRADIO_SERVER_PORT", free_port()))
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = log
        usual = {"GRADIO_SERVER_PORT": str(self.port), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(program), *options],
                env=os.environ | usual | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )
        self.answered_after = wait_for(self.url, self.process, log)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def rest(seconds: float) -> None:
    """Wait before another look at something that no page can be asked about."""
    time.sleep(seconds)


def heard(page: Page, timeout: float = 60_000) -> None:
    """Wait until all columns are there, for the recipe that is on the panel."""
    page.wait_for_function(
        """() => {
          const box = document.querySelector('.sam-transcripts');
          return box && box.dataset.state === 'done' && !box.classList.contains('sam-stale')
            && !box.classList.contains('sam-other-clip')
            && [...box.querySelectorAll('.sam-column')].every((column) => column.dataset.state === 'done');
        }""",
        timeout=timeout,
    )


def text_of(page: Page, model: str) -> str:
    return page.locator(f".sam-column[data-model={model}] .sam-text").inner_text()


def recipe_of(page: Page) -> dict:
    return page.evaluate("() => SAMerge.recipe")


def drag(page: Page, selector: str, fraction: float, steps: int = 12) -> None:
    """Take a slider's thumb with the mouse and let it go at a fraction of its track."""
    slider = page.locator(selector)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    share = page.evaluate(
        "(s) => { const i = document.querySelector(s); return (i.value - i.min) / (i.max - i.min); }", selector
    )
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), y)
    page.mouse.down()
    page.mouse.move(box["x"] + 8 + fraction * (box["width"] - 16), y, steps=steps)
    page.mouse.up()
