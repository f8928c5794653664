"""A run that was killed goes on where it was; an identical run answers at once; pins run in the same pass."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from material import cache_with_models_of

from explorer.hypotheses import FILE_NAME, HypothesisStore
from explorer.recipe import Recipe
from explorer.text_rules import TextRules
from explorer.transcription.decoding import Decoding, Halt
from explorer.workbench import Workbench

ROOT = Path(__file__).parents[1]
SHORT = Decoding("fit", 5)
RECIPE = Recipe("tiny", schedule="constant", mixing=0.5)


@pytest.fixture
def remembering(tiny_workbench, tmp_path):
    workbench = Workbench(tiny_workbench.config, "cpu", HypothesisStore(tmp_path / "store"))
    yield workbench
    workbench.store.close()


@pytest.fixture
def decoded(monkeypatch):
    """Digests of every clip that is decoded, one entry each time."""
    from explorer.transcription.transcriber import Transcriber  # noqa: PLC0415 - patched here alone

    seen, transcribe = [], Transcriber.transcribe

    def counting(self, model, clips, *rest):
        seen.extend(clip.digest for clip in clips)
        return transcribe(self, model, clips, *rest)

    monkeypatch.setattr(Transcriber, "transcribe", counting)
    return seen


def last(states):
    *_, state = states
    return state


def test_an_identical_run_decodes_nothing(remembering, tiny_bench, noises, decoded):
    ask = (tiny_bench, noises, ("m1", "m2", "merge"), RECIPE, SHORT, Halt())
    first = last(remembering.evaluate(*ask))
    assert len(decoded) == 3 * len(noises)
    decoded.clear()
    assert last(remembering.evaluate(*ask)).results == first.results
    assert decoded == []


def test_a_stopped_run_is_finished_without_decoding_a_clip_twice(remembering, tiny_bench, noises, decoded, monkeypatch):
    monkeypatch.setattr("explorer.evaluation.BATCH_POSITIONS", 800)
    ask = (tiny_bench, noises, ("m1",), RECIPE, SHORT)
    enough: list[bool] = []
    for state in remembering.evaluate(*ask, Halt(lambda: any(enough))):
        enough.append(state.done > 0)
    done = len(decoded)
    assert 0 < done < len(noises)
    assert last(remembering.evaluate(*ask, Halt())).done == len(noises)
    assert sorted(decoded) == sorted(set(decoded))
    assert len(decoded) == len(noises)


def test_pins_are_heard_in_the_same_pass_and_are_merges_of_their_own(remembering, tiny_bench, noises):
    pins = {"pin-1": Recipe("tiny", schedule="constant", mixing=1.0), "pin-2": RECIPE}
    state = last(
        remembering.evaluate(tiny_bench, noises, ("m1", "merge"), RECIPE, SHORT, Halt(), TextRules("none", True), pins)
    )
    heard = {result.model: [each.hypothesis for each in result.heard] for result in state.results}
    assert list(heard) == ["m1", "merge", "pin-1", "pin-2"]
    assert heard["pin-1"] == heard["m1"]
    assert heard["pin-2"] == heard["merge"]


@pytest.mark.slow
def test_a_killed_run_loses_nothing_that_was_heard(speech, app_cache, tmp_path):
    corpus = speech / "speechocean762" / "dev-child"
    cache = cache_with_models_of(app_cache, tmp_path / "cache")
    environment = dict(os.environ, SA_MERGE_CACHE=str(cache))
    (tmp_path / "pin.yaml").write_text(yaml.safe_dump({"triple": "tiny-en", "lambda": 0.7, "alpha": 0.5}))
    command = [sys.executable, "-m", "explorer", "evaluate", "--corpus", f"manifest:{corpus}", "--limit", "200"]
    command += ["--models", "m1,merge", "--pin", str(tmp_path / "pin.yaml"), "--json"]

    def rows():
        if not (cache / FILE_NAME).exists():
            return []
        with sqlite3.connect(cache / FILE_NAME) as database:
            try:
                return database.execute("SELECT weights, clip FROM age").fetchall()
            except sqlite3.OperationalError:  # the table is not there yet
                return []

    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        while len(rows()) < 60:
            assert run.poll() is None
            time.sleep(0.1)
        run.send_signal(signal.SIGKILL)
    kept = len(rows())
    assert 60 <= kept < 600
    again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    heard = rows()
    assert len(heard) == len(set(heard)) == 600  # two hundred clips by three models, none twice
    document = json.loads(again.stdout)
    assert list(document["models"]) == ["m1", "merge", "pin-1"]
    assert document["models"]["merge"]["ledger"] is None  # M2 was not asked
    third = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert third.stdout == again.stdout
    assert len(rows()) == 600
