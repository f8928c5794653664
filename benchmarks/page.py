"""What a visitor waits for: the page, the merged transcript after a release; and the memory that a triple takes.

    python -m benchmarks.page [--rounds 15]

Servers of its own, with the window cut to the clip and with 30 s, and headless Chromium (/usr/bin/chromium). The page:
from opening the address to a curve that can be moved, models loading or not. The transcript: from letting go of λ, now
near the last place and now far from it, each time at a value not heard before, to the merged transcript being complete;
one that has another text than the last takes more steps, so these are counted apart. Memory:
resident, of a process in which transformers has loaded one model and read its weights, and of one with the triple and
its merge; what the libraries take is taken off both.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from itertools import pairwise
from pathlib import Path

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
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    about = machine()  # before it is busy with this
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="sa-merge-page-") as folder:
        whole = Path(folder) / "checkpoints.yaml"
        declared = (ROOT / "checkpoints.yaml").read_text(encoding="utf-8")
        whole.write_text(declared.replace("window: fit", 'window: "30"'), encoding="utf-8")
        (Path(folder) / "assets").symlink_to(ROOT / "assets")
        for name, config in (("window cut to the clip", ROOT / "checkpoints.yaml"), ("window of 30 s", whole)):
            rows += [{"what": f"{name}: {what}", "value": value, "unit": "s"} for what, value in served(config, rounds)]
    (alone,) = told_by(_ONE, 1)
    one, held, resident = told_by(_TRIPLE, 3)
    rows += [
        {"what": "tensors of triple and merge / one model", "value": held / one, "unit": ""},
        {"what": "resident, triple and merge / one model", "value": resident / alone, "unit": ""},
    ]
    report("page", {"machine": about, "clock": "wall", "rounds": rounds, "rows": rows})


def served(config: Path, rounds: int) -> list[tuple[str, float]]:
    """Start a server, open its page, move λ, and return what was waited for, in seconds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    started = time.perf_counter()
    command = [sys.executable, "app.py", "--config", str(config), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            answers(url)
            serving = time.perf_counter() - started
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
                opened, moved, changed = waits(browser.new_page(), url, rounds)
                browser.close()
        finally:
            server.terminate()
    found = [("server answers after its start", serving), ("page can be used", opened)]
    found += [("merged transcript after release", statistics.median(moved))]
    if changed:
        found += [(f"the same, of the {len(changed)} of {rounds} with another text", statistics.median(changed))]
    return [*found, ("slowest of all", max(moved))]


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


def waits(page: Page, url: str, rounds: int) -> tuple[float, list[float], list[float]]:
    """Return the seconds until the page can be used, from releases of λ to transcripts, and to those that differ."""
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("#sam-lambda")
    opened = time.perf_counter() - started
    page.wait_for_selector(".sam-merge[data-state=done]", timeout=120_000)
    moved, texts = [], []
    for index in range(rounds + 1):
        value = round(0.05 + (0.31 + 0.382 * (index // 2)) % 0.9 + 0.01 * (index % 2), 2)
        started = time.perf_counter()
        page.evaluate(MOVE, value)
        page.wait_for_function(HEARD, arg=value, timeout=60_000)
        moved.append(time.perf_counter() - started)
        texts.append(page.inner_text(".sam-merge .sam-text"))
    changed = [seconds for seconds, (last, text) in zip(moved[1:], pairwise(texts), strict=True) if text != last]
    return opened, moved[1:], changed


if __name__ == "__main__":
    main()
