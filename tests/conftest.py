"""What the tests work on: real speech, tiny random Whispers, and the real embedded triple."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import settings
from material import Folders, cache_with_models_of, no_progress, sine, write_config
from tiny_whisper import write_companions, write_whisper
from xdist.scheduler import LoadFileScheduling

from explorer.__main__ import main
from explorer.bench import Bench
from explorer.checkpoints.cache import cache_folder
from explorer.checkpoints.triple import Triple, load_triple
from explorer.config import Config, TripleSpec
from explorer.config_file import read_config
from explorer.corpora.utterance import Utterance
from explorer.device import pick_device
from explorer.heap import keep_freed_memory
from explorer.live_model import LiveModel
from explorer.threads import use_threads
from explorer.workbench import Workbench

# Whoever shares the machine must not turn a law into a failure; sixty examples find what a hundred do.
settings.register_profile("laws", deadline=None, max_examples=60)
settings.load_profile("laws")

keep_freed_memory()  # as the app and the command line do: half an hour of speech is heard below

ROOT = Path(__file__).parents[1]
THREADS = torch.get_num_threads()
# Two processes share the tests of `make test`. What takes longest begins first: half an hour of speech is heard with
# what one who drives a browser meanwhile leaves of the machine.
PATIENT = "test_evaluation.py"
LONGEST = (PATIENT, "browser", "test_transcription.py", "test_training_run.py", "test_readme.py")
SPEECH = Path(__file__).parents[2] / "shared" / "speech"


def place_of(nodeid: str) -> str:
    """Return the file or folder beside this one that a test is in: all of it runs in one process."""
    return nodeid.split("::")[0].split("/")[1]


def pytest_collection_modifyitems(items):
    """Put those first that the others would wait for."""
    waits = {place: -rank for rank, place in enumerate(reversed(LONGEST), 1)}
    items.sort(key=lambda item: waits.get(place_of(item.nodeid), 0))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Deal out whole places. (xdist's own groups get lost in pytest 9.2.)"""
    scheduling = LoadFileScheduling(config, log)
    scheduling._split_scope = place_of
    return scheduling


@pytest.fixture(scope="session", autouse=True)
def app_cache(tmp_path_factory):
    """Nothing a test hears or indexes lands among what the user's own programs remember; the weights are theirs."""
    folder = cache_with_models_of(cache_folder(), tmp_path_factory.mktemp("cache") / "app")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SA_MERGE_CACHE", str(folder))
        yield folder


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Tiny networks get one thread: two that wait for each other are slow on a machine that has other work.

    A hook and not a fixture, for fixtures of a module are set up before those of its functions.
    """
    if place_of(item.nodeid) == PATIENT and "PYTEST_XDIST_WORKER" in os.environ and os.nice(0) == 0:
        os.nice(10)
    use_threads(THREADS if item.get_closest_marker("slow") else 1)


@pytest.fixture(scope="session")
def speech() -> Path:
    """The folder with real children's and adults' speech."""
    if not SPEECH.is_dir():
        reason = f"{SPEECH} is absent: the real speech (speechocean762) is not part of the repository"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return SPEECH


@pytest.fixture(scope="session")
def tiny_whisper_folders(tmp_path_factory) -> Folders:
    """Three random Whispers of one architecture; the base has a tokenizer and all settings."""
    root = tmp_path_factory.mktemp("tiny-whispers")
    base = write_whisper(root / "base", seed=0)
    write_companions(base)
    return Folders(base, write_whisper(root / "m1", seed=1, base=base), write_whisper(root / "m2", seed=2, base=base))


@pytest.fixture
def own_folders(tiny_whisper_folders, tmp_path) -> Folders:
    """The three once more, for a test to break. The files are hard links: remove one before writing it anew."""
    for member in ("base", "m1", "m2"):
        shutil.copytree(getattr(tiny_whisper_folders, member), tmp_path / member, copy_function=os.link)
    return Folders(tmp_path / "base", tmp_path / "m1", tmp_path / "m2")


@pytest.fixture
def tiny_config(tiny_whisper_folders, tmp_path) -> Path:
    """A checkpoints.yaml that names the three random Whispers."""
    return write_config(tmp_path / "checkpoints.yaml", tiny_whisper_folders)


@pytest.fixture(scope="session")
def tiny_workbench(tiny_whisper_folders, tmp_path_factory) -> Workbench:
    """One workbench for all tests: what a merge gives does not depend on the merges before it."""
    path = write_config(tmp_path_factory.mktemp("config") / "checkpoints.yaml", tiny_whisper_folders)
    return Workbench(read_config(path), "cpu")


@pytest.fixture(scope="session")
def tiny_bench(tiny_workbench) -> Bench:
    return tiny_workbench.bench("tiny", no_progress)


@pytest.fixture(scope="session")
def tiny_spec(tiny_workbench) -> TripleSpec:
    """The entry of the three random Whispers in a checkpoints.yaml."""
    return tiny_workbench.config.triple("tiny")


@pytest.fixture(scope="session")
def tiny_triple(tiny_spec) -> Triple:
    return load_triple(tiny_spec, no_progress)


@pytest.fixture
def live(tiny_triple) -> LiveModel:
    """A live model of its own for every test; the triple behind it is shared and must stay as it is."""
    return LiveModel(tiny_triple, pick_device("cpu"))


@pytest.fixture(scope="session")
def real_config() -> Config:
    return read_config(ROOT / "checkpoints.yaml")


@pytest.fixture(scope="session")
def real_bench(real_config) -> Workbench:
    """The embedded triple, real weights, on the CPU; ``real_bench.bench("tiny-en", …)`` is open already."""
    workbench = Workbench(real_config, "cpu")
    workbench.bench("tiny-en", no_progress)
    return workbench


@pytest.fixture
def tone(tmp_path) -> Path:
    """One second of 440 Hz, 16 kHz mono."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, sine(440, 1.0, 16_000), 16_000)
    return path


@pytest.fixture(scope="session")
def noises(tmp_path_factory):
    """Twenty clips of noise by four speakers, of two fitting windows; what was said is made up."""
    folder = tmp_path_factory.mktemp("noises")
    generator = np.random.default_rng(0)
    found = []
    for number in range(20):
        samples = generator.normal(0, 0.2, 4_800 if number % 3 else 16_000)
        soundfile.write(folder / f"{number}.wav", samples, 16_000)
        found.append(Utterance(str(number), folder / f"{number}.wav", "a b c"[: number % 6], str(number % 4)))
    return found


@pytest.fixture
def run(tiny_config, tiny_workbench, monkeypatch, capsys):
    """Run a command on the three random Whispers; give its code and what it told, on which stream."""
    # Opened once for all tests; what is opened from a file is tested in test_bad_inputs and below.
    monkeypatch.setattr("explorer.__main__.Workbench", lambda config, *_: tiny_workbench)

    def running(*arguments):
        capsys.readouterr()
        code = main([*map(str, arguments), "--config", str(tiny_config), "--device", "cpu"])
        return code, *capsys.readouterr()

    return running


@pytest.fixture
def document(run):
    """Run a command with --json; check that it ends well and that the document is all it prints."""

    def running(*arguments):
        code, told, _ = run(*arguments, "--json")
        assert code == 0
        return json.loads(told)

    return running


@pytest.fixture
def noise_folder(noises, tmp_path):
    """Eight of the noises as a folder with metadata.jsonl."""
    rows = [{"file_name": each.path.name, "text": each.reference, "speaker": each.speaker} for each in noises[:8]]
    for each in noises[:8]:
        (tmp_path / each.path.name).write_bytes(each.path.read_bytes())
    (tmp_path / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path
