"""ZeroGPU: merge and decoding in one call of a forked process; what is refused is told, and heard here if that is soon.

No such Space was at hand. `zero_gpu/spaces.py` stands in for its package, and forks as that does, on the processor.
"""

import importlib
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from material import free_port, no_progress, wait_for, write_config

from explorer.audio import clip_from_samples, load_clip
from explorer.config_file import read_config
from explorer.errand import LEAST_SECONDS, MOST_SECONDS, cpu_seconds, errand, gpu_seconds
from explorer.errors import ExplorerError, RecipeError
from explorer.recipe import Recipe
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError
from explorer.transcription.transcriber import Transcriber
from explorer.ui.zero_gpu import zero_gpu
from explorer.workbench import Workbench

ROOT = Path(__file__).parents[1]
STANDIN = Path(__file__).parent / "zero_gpu"
RECIPE = Recipe("tiny", schedule="constant", mixing=0.5)
SHORT, WHOLE = Decoding("fit", 5), Decoding("30")


@pytest.fixture
def spaces(monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.syspath_prepend(str(STANDIN))
    sys.modules.pop("spaces", None)
    package = importlib.import_module("spaces")
    monkeypatch.setattr("explorer.forked.gpu_seconds", gpu_seconds)  # the stand-in changes it
    yield package
    for pid in package.pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    sys.modules.pop("spaces")


@pytest.fixture
def workbench(spaces, tiny_config):
    return Workbench(read_config(tiny_config), "cpu", elsewhere=zero_gpu())


@pytest.fixture
def bench(workbench):
    return workbench.bench("tiny", no_progress)


@pytest.fixture
def clip(noises):
    return load_clip(noises[0].path)


def heard(workbench, bench, model, clip, recipe=RECIPE, halt=None):
    *_, hypothesis = workbench.stream(bench, model, recipe, clip, SHORT, halt or Halt())
    return hypothesis


def test_elsewhere_than_on_such_a_space_nothing_is_imported(monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    monkeypatch.syspath_prepend(str(STANDIN))
    assert zero_gpu() is None
    assert "spaces" not in sys.modules


def test_merge_and_decoding_are_one_call_and_this_process_merges_nothing(
    workbench, bench, spaces, clip, tiny_workbench, tiny_bench
):
    for model in ("m1", "merge", "m0"):
        assert heard(workbench, bench, model, clip) == heard(tiny_workbench, tiny_bench, model, clip)
    assert len(spaces.asked) == 3
    assert len(spaces.pids) == 1  # the process is used again
    assert bench.live.written == ()


def test_what_was_heard_is_not_asked_for_again(workbench, bench, spaces, clip):
    assert heard(workbench, bench, "merge", clip) == heard(workbench, bench, "merge", clip)
    assert len(spaces.asked) == 1


def test_an_evaluation_sends_many_clips_at_a_time(workbench, bench, spaces, noises, tiny_workbench, tiny_bench):
    models = ("m1", "m2", "merge")
    *_, there = workbench.evaluate(bench, noises, models, RECIPE, SHORT, Halt())
    *_, here = tiny_workbench.evaluate(tiny_bench, noises, models, RECIPE, SHORT, Halt())
    assert len(spaces.asked) == len(models)
    texts = [
        [{each.utterance.id: each.hypothesis for each in result.heard} for result in state.results]
        for state in (there, here)
    ]
    assert texts[0] == texts[1]


def test_recordings_over_thirty_seconds_are_heard_beside_short_clips(bench, clip, tiny_bench):
    long = clip_from_samples(np.random.default_rng(1).normal(0, 0.2, 16_000 * 31), 16_000, "long")
    sent = bench.sender({})("m1", [clip, long], SHORT, Halt())
    *_, there = sent
    with tiny_bench.live.checkpoint("m1") as network:
        assert there == tiny_bench.transcriber.transcribe(network, [clip, long], SHORT, Halt())


def test_a_process_that_is_older_than_a_triple_reads_it_from_the_disk(
    workbench, bench, spaces, clip, tiny_whisper_folders, tmp_path
):
    heard(workbench, bench, "m1", clip)
    swapped = replace(tiny_whisper_folders, m1=tiny_whisper_folders.m2, m2=tiny_whisper_folders.m1)
    other = Workbench(
        read_config(write_config(tmp_path / "other.yaml", swapped)), "cpu", elsewhere=workbench._elsewhere
    )
    swapped_bench = other.bench("tiny", no_progress)
    assert heard(other, swapped_bench, "m1", clip) == heard(workbench, bench, "m2", clip)
    assert len(spaces.pids) == 1


def test_an_exhausted_quota_is_told_and_the_processor_hears(workbench, bench, spaces, clip, tiny_workbench, tiny_bench):
    spaces.refusals.append(spaces.quota_exceeded())
    with pytest.warns(UserWarning, match=r"exceeded your free ZeroGPU quota \(8s requested vs\. 3s left\)"):
        assert heard(workbench, bench, "merge", clip) == heard(tiny_workbench, tiny_bench, "merge", clip)
    heard(workbench, bench, "m1", clip)  # nobody is made to queue again at once
    assert len(spaces.asked) == 1
    assert spaces.pids == []


def test_what_would_take_the_processor_too_long_is_refused_in_words(workbench, bench, spaces, clip, monkeypatch):
    monkeypatch.setattr("explorer.ui.zero_gpu.PATIENCE_SECONDS", 0.0)
    spaces.refusals += [spaces.quota_exceeded(), ConnectionError("no route")]
    with pytest.raises(ExplorerError, match=r"ZeroGPU quota exceeded: You have .* Try again in 1:02:03\)"):
        heard(workbench, bench, "merge", clip)
    with pytest.raises(ExplorerError, match="ConnectionError: no route"):
        heard(workbench, bench, "merge", clip)


def test_a_mistake_in_the_other_process_keeps_its_words(workbench, bench, clip):
    wrong = replace(RECIPE, schedule="custom", ratios=(("encoder.self", (1.0, 0.5, 0.5)),), scope=("encoder.self",))
    with pytest.raises(RecipeError) as here:
        bench.live.check(wrong)
    with pytest.raises(RecipeError, match=r"\w+") as there:
        heard(workbench, bench, "merge", clip, wrong)
    assert str(there.value) == str(here.value)


def test_work_that_takes_longer_than_was_asked_for_ends_in_words(workbench, bench, clip, monkeypatch):
    monkeypatch.setattr("explorer.forked.gpu_seconds", lambda errand: 0)
    with pytest.raises(InterruptedDecodingError, match="longer than its deadline"):
        heard(workbench, bench, "merge", clip)


@pytest.fixture
def slow_fork(monkeypatch):
    """In a process that is forked from now on, every step of decoding takes a while and is told."""
    stream = Transcriber.stream

    def slowly(*args):
        for step in stream(*args):
            time.sleep(0.2)
            yield step

    monkeypatch.setattr(Transcriber, "stream", slowly)


def test_a_gpu_that_is_taken_away_is_told(workbench, bench, spaces, clip, slow_fork):
    answers = workbench.stream(bench, "merge", RECIPE, clip, SHORT, Halt())
    next(answers)
    spaces.take_away()
    with pytest.raises(ExplorerError, match="GPU task aborted"):
        list(answers)


def test_who_cancels_stops_the_other_process(workbench, bench, spaces, clip, slow_fork):
    wanted = True
    answers = workbench.stream(bench, "merge", RECIPE, clip, SHORT, Halt(lambda: not wanted))
    next(answers)
    wanted = False
    with pytest.raises(InterruptedDecodingError):
        list(answers)
    assert heard(workbench, bench, "m1", clip).text is not None
    assert len(spaces.pids) == 1  # it was free again


def seconds(triple, clips, decoding=WHOLE, **changes):
    return gpu_seconds(replace(errand(triple, "m1", None, clips, decoding), **changes))


def test_the_duration_follows_the_work(tiny_triple, clip):
    large = {"size": 1_500_000_000, "depth": 32}
    one, many = seconds(tiny_triple, [clip], **large), seconds(tiny_triple, [clip] * 300, **large)
    assert seconds(tiny_triple, [clip]) == LEAST_SECONDS
    assert LEAST_SECONDS < one < many
    assert seconds(tiny_triple, [clip] * 300, Decoding("fit"), **large) < many
    assert seconds(tiny_triple, [clip] * 100_000, **large) == MOST_SECONDS


def test_the_processor_is_thought_able_of_a_few_clips_and_not_of_a_corpus(tiny_triple, clip):
    def on_cpu(count, size):
        return cpu_seconds(replace(errand(tiny_triple, "m1", None, [clip] * count, Decoding("30")), size=size))

    assert on_cpu(1, 37_000_000) < 1 < on_cpu(100, 37_000_000) < 60 < on_cpu(100, 240_000_000)


@pytest.mark.slow
def test_the_app_starts_on_such_a_space_and_hears_in_the_other_process(tmp_path):
    """`app.py` itself, with the stand-in where the Space has the package: decorated before the page is launched."""
    port = free_port()
    environment = dict(
        os.environ, PYTHONPATH=str(STANDIN), SPACES_ZERO_GPU="true", GRADIO_SERVER_PORT=str(port), HF_HUB_OFFLINE="1"
    )
    log = tmp_path / "log.txt"
    with log.open("w") as output:
        app = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}", app, log)
        client = Client(f"http://127.0.0.1:{port}", verbose=False)
        clip = handle_file(ROOT / "assets" / "clips" / "s01_strong.flac")
        told = client.predict(clip=clip, recipe={}, models=["m1", "merge"], api_name="/transcribe")
        assert all(told["hypotheses"].values())
        children = Path(f"/proc/{app.pid}/task/{app.pid}/children").read_text().split()
        threads = [path.read_text().split() for path in Path(f"/proc/{app.pid}/task").glob("*/children")]
        assert children or any(threads)  # the forked process is there
    finally:
        app.terminate()
        app.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(app.pid, signal.SIGKILL)  # the forked process, which on a Space goes with its container
