"""What tests are made of: tones, and configurations that name three folders."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer.methods import METHODS


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
