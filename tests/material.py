"""What tests are made of: tones, and configurations that name three folders."""

import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer.corpora.subset import SubsetSpec, choose
from explorer.corpora.utterance import Utterance
from explorer.evaluation import Evaluation, Heard, ModelResult
from explorer.methods import METHODS
from explorer.recipe import Recipe, recipe_from
from explorer.report import Run
from explorer.scoring import align
from explorer.text_rules import WHISPER_RULES
from explorer.transcription.decoding import Decoding

PATIENCE = 180  # seconds; on a machine that does other things too, to import torch takes its time


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, app: subprocess.Popen, log: Path) -> float:
    """Wait until an app that was started answers; give the seconds that it took from here."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        assert app.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return time.monotonic() - started
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no answer within {PATIENCE} s: {log.read_text()}")


@dataclass(frozen=True)
class Folders:
    """M0, M1 and M2 on disk."""

    base: Path
    m1: Path
    m2: Path


CONFIG = """
default: {{triple: tiny, lambda: 0.2, alpha: 0.8}}
triples:
  - name: tiny
    title: Three random Whispers
    layers: 2
    window: fit
    base: {{folder: '{base}'}}
    m1: {{folder: '{m1}'}}
    m2: {{folder: '{m2}'}}
"""


def write_config(path: Path, folders: Folders) -> Path:
    path.write_text(CONFIG.format(base=folders.base, m1=folders.m1, m2=folders.m2), encoding="utf-8")
    return path


def no_progress(what: str, done: int, total: int) -> None:
    """Take progress and show nothing."""


def sine(frequency: float, seconds: float, rate: int) -> np.ndarray:
    """A sine at half of full scale, float32."""
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def cache_with_models_of(real: Path, folder: Path) -> Path:
    """Make an empty cache folder for the app in which the models of the real one are at hand."""
    folder.mkdir(parents=True)
    (real / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models").symlink_to((real / "models").resolve())
    return folder


# RegMean alone needs Gram matrices that somebody has gathered before; it has tests of its own.
READY_METHODS = [name for name, row in METHODS.items() if all(each.kind != "name" for each in row.parameters)]


def chosen(utterances, expression="", limit=None, seed=0) -> tuple[Utterance, ...]:
    """A subset by filter and draw."""
    return choose(utterances, SubsetSpec(expression=expression, limit=limit, seed=seed)).utterances


def spoken(index: int, reference: str, **known) -> Utterance:
    """An utterance without a sound; two to a speaker."""
    return Utterance(f"u{index}", Path(f"u{index}.wav"), reference, f"s{index // 2}", **known)


def evaluated(references: list[Utterance], heard: dict[str, list[str]]) -> Evaluation:
    """A finished evaluation of what models are said to have heard."""
    results = tuple(
        ModelResult(
            model,
            tuple(
                Heard(utterance, text, align(utterance.reference, text))
                for utterance, text in zip(references, texts, strict=True)
            ),
        )
        for model, texts in heard.items()
    )
    return Evaluation(results, len(references), len(references), 1.0)


def run_of(evaluation: Evaluation, corpus: str = "kids", pins: dict[str, Recipe] | None = None, **changes) -> Run:
    """A finished run, with settings of no importance."""
    recipe = changes.pop("recipe", None) or recipe_from({"triple": "tiny", "lambda": 0.2, "alpha": 0.8}, "test")
    names = [result.model for result in evaluation.results]
    return Run(
        corpus=corpus,
        evaluation=evaluation,
        titles={name: name.upper() for name in names},
        settings="greedy",
        recipe=recipe,
        pins=pins or {},
        decoding=changes.pop("decoding", Decoding("fit", None)),
        rules=WHISPER_RULES,
        fingerprints=dict.fromkeys(names, "0" * 16),
        subset={"name": corpus, "fingerprint": corpus} | changes,
    )
