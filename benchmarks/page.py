"""What a visitor waits for: the page, the merged transcript after a release; and the memory that a triple takes.

    python -m benchmarks.page [--rounds 9]

A server of its own and headless Chromium (/usr/bin/chromium). The page: from opening the address to a curve that can be
moved, models loading or not. The transcript: from letting go of λ, each time at a value not heard before, to the merged
transcript being complete. Memory: resident, of a process in which transformers has loaded one model and read its
weights, and of one with the triple and its merge; what the libraries take is taken off both.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

from playwright.sync_api import Page, sync_playwright

from benchmarks.merge_methods import ROOT
from benchmarks.timing import machine, report

MOVE = """(value) => { const slider = document.querySelector('#sam-lambda');
  slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true }));
  slider.dispatchEvent(new Event('change', { bubbles: true })); }"""
HEARD = """(value) => Math.abs(SAMerge.recipe.lambda - value) < 1e-6
  && document.querySelector('.sam-transcripts:not(.sam-stale) .sam-merge[data-state=done]')"""
_START = """
import os
from explorer.checkpoints.cache import no_progress
from explorer.checkpoints.triple import build_model, load_triple
from explorer.config_file import read_config
from explorer.device import pick_device
from explorer.heap import keep_freed_memory
from explorer.live_model import LiveModel
from explorer.recipe import Recipe
from pathlib import Path
from transformers import WhisperForConditionalGeneration
rss = lambda: int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6
keep_freed_memory()
start = rss()
spec = read_config(Path('checkpoints.yaml')).triples[0]
"""
_ONE = """
from explorer.checkpoints.base import base_folder
folder = base_folder(spec.base.repo, spec.base.revision, spec.base.folder, no_progress)
model = WhisperForConditionalGeneration.from_pretrained(folder)
for each in model.parameters(): each.sum()
print(rss() - start)
"""
_TRIPLE = """
triple = load_triple(spec, no_progress)
one = sum(t.nbytes for t in triple.weights['m1'].values()) / 1e6
live = LiveModel(triple, pick_device('cpu'))
with live.merged(Recipe(spec.name)) as model: pass
held = {id(t): t.nbytes for w in triple.weights.values() for t in w.values()}
held |= {id(t): t.nbytes for t in live._buffers.values()}
print(one, sum(held.values()) / 1e6, rss() - start)
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as server:
        try:
            answers(url)
            serving = time.perf_counter() - started
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
                opened, moved = waits(browser.new_page(), url, rounds)
                browser.close()
        finally:
            server.terminate()
    (alone,) = told_by(_ONE, 1)
    one, held, resident = told_by(_TRIPLE, 3)
    rows: list[dict[str, object]] = [
        {"what": "server answers after its start", "value": serving, "unit": "s"},
        {"what": "page can be used", "value": opened, "unit": "s"},
        {"what": "merged transcript after release", "value": statistics.median(moved), "unit": "s"},
        {"what": "slowest of these", "value": max(moved), "unit": "s"},
        {"what": "tensors of triple and merge / one model", "value": held / one, "unit": ""},
        {"what": "resident, triple and merge / one model", "value": resident / alone, "unit": ""},
    ]
    report("page", {"machine": machine(), "clock": "wall", "rounds": rounds, "rows": rows})


def told_by(work: str, count: int) -> list[float]:
    """Return the last numbers, megabytes, that a process of its own prints."""
    command = [sys.executable, "-c", _START + work]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [float(each) for each in told.stdout.split()[-count:]]


def answers(url: str) -> None:
    """Wait for the server."""
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=2).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


def waits(page: Page, url: str, rounds: int) -> tuple[float, list[float]]:
    """Return the seconds until the page can be used, and from each release of λ to the merged transcript."""
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("#sam-lambda")
    opened = time.perf_counter() - started
    page.wait_for_selector(".sam-merge[data-state=done]", timeout=120_000)
    moved = []
    for index in range(rounds + 1):
        value = round(0.31 + 0.01 * index, 2)
        started = time.perf_counter()
        page.evaluate(MOVE, value)
        page.wait_for_function(HEARD, arg=value, timeout=60_000)
        if index:
            moved.append(time.perf_counter() - started)
    return opened, moved


if __name__ == "__main__":
    main()
