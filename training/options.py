"""Everything that a training run depends on, as one frozen value, read from the command line."""

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from training.errors import TrainingError

Half = Literal["all", "a", "b"]
Measure = Literal["wer", "loss"]
Precision = Literal["float32", "bfloat16"]
Device = Literal["auto", "cpu", "cuda"]
# What says where a run works, not what it computes: a run may go on elsewhere.
_PLACES = ("corpus", "synthetic", "base", "out", "device", "fresh")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of one run.

    Attributes:
        corpus: audiofolder of real speech.
        out: task vector to write.
        base: Hugging Face folder of the base; None: tiny.en, from wherever the app has it.
        synthetic: audiofolder of synthetic speech, or None.
        synthetic_share: share of an epoch's clips that are synthetic, 0 to 0.5.
        epochs: passes over the real clips.
        steps: most optimiser steps, or None; the learning rate then runs down over these.
        batch_size: clips a step.
        learning_rate: at its peak.
        warm_up: share of the steps in which the learning rate rises, 0 to 1.
        hours: of real speech to train on, drawn at random; None: all.
        speakers: ``a`` and ``b`` are the two halves of the corpus' speakers.
        held_out_speakers: how many speakers are kept out of training, to choose the epoch by.
        choose_by: what is measured on them.
        early_stop: epochs without a gain on them after which the run ends; None: never.
        average_checkpoints: so many of the best epochs are averaged (of the last, with nobody held out).
        seed: of every draw.
        spec_augment: mask mel bins and stretches of time.
        speed: play clips at 0.9, 1 or 1.1 times their speed.
        pitch: shift half of the clips by up to twelve semitones.
        vtlp: warp the frequency axis by 0.9 to 1.1.
        full_window_every: one batch in so many has Whisper's 30 s window, the others one cut to their clips.
        packed_every: one in so many of those has clips behind each other, with timestamps; None: none.
        dropout: in every layer, 0 to 0.5.
        precision: ``bfloat16``: autocast.
        device: where to compute.
        fresh: begin anew, whatever is there.
    """

    corpus: Path
    out: Path
    base: Path | None = None
    synthetic: Path | None = None
    synthetic_share: float = 0.0
    epochs: int = 4
    steps: int | None = None
    batch_size: int = 8
    learning_rate: float = 2e-5
    warm_up: float = 0.1
    hours: float | None = None
    speakers: Half = "all"
    held_out_speakers: int = 0
    choose_by: Measure = "wer"
    early_stop: int | None = None
    average_checkpoints: int = 1
    seed: int = 0
    spec_augment: bool = False
    speed: bool = False
    pitch: bool = False
    vtlp: bool = False
    full_window_every: int = 12
    packed_every: int | None = None
    dropout: float = 0.0
    precision: Precision = "float32"
    device: Device = "auto"
    fresh: bool = False

    def __post_init__(self) -> None:
        """Check ranges and what goes with what.

        Raises:
            TrainingError: an option is out of range, or needs another one.
        """
        for name, low, high in (
            ("synthetic_share", 0, 0.5),
            ("epochs", 1, 100),
            ("steps", 1, 1_000_000),
            ("batch_size", 1, 512),
            ("learning_rate", 1e-8, 1e-2),
            ("warm_up", 0, 1),
            ("hours", 1e-4, 10_000),
            ("held_out_speakers", 0, 10_000),
            ("early_stop", 1, 100),
            ("average_checkpoints", 1, self.epochs),
            ("seed", 0, 2**32 - 1),
            ("full_window_every", 1, 1_000_000),
            ("packed_every", 1, 1_000_000),
            ("dropout", 0, 0.5),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise TrainingError(f"{_flag(name)}: expected {low:g} to {high:g}, but got {value:g}.")
        if self.early_stop and not self.held_out_speakers:
            raise TrainingError("--early-stop: needs speakers to judge by; give --held-out-speakers too.")
        if (self.synthetic is None) != (self.synthetic_share == 0):
            raise TrainingError("--synthetic and --synthetic-share: one needs the other; give both or neither.")
        if self.out.suffix != ".safetensors":
            raise TrainingError(f"--out: expected a name that ends in .safetensors, but got {self.out.name!r}.")

    def as_dict(self) -> dict[str, Any]:
        """Return what the result depends on, fit for JSON; without paths, which say nothing elsewhere."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in _PLACES}


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong.

        Raises:
            TrainingError: always.
        """
        raise TrainingError(f"{' '.join(message.split())}; {self.prog} --help lists the options.")


def options_from(arguments: Sequence[str] | None) -> Options:
    """Read the command line.

    Args:
        arguments: without the program's name; None: the process' own.

    Raises:
        TrainingError: an option is unknown, ill-typed or out of range.
    """
    defaults = {field.name: field.default for field in dataclasses.fields(Options)}
    parser = Parser(prog="python -m training.fine_tune", description="Fine-tune a Whisper; write its task vector.")
    for name, kind, text in (
        ("base", Path, "Hugging Face folder of the base (default: tiny.en, as the app has it)"),
        ("synthetic", Path, "audiofolder of synthetic speech"),
        ("synthetic_share", float, "share of the clips that are synthetic, 0 to 0.5"),
        ("epochs", int, "passes over the real clips"),
        ("steps", int, "at most so many steps"),
        ("batch_size", int, "clips a step"),
        ("learning_rate", float, "at its peak"),
        ("warm_up", float, "share of the steps in which the learning rate rises"),
        ("hours", float, "of real speech, drawn at random (default: all)"),
        ("held_out_speakers", int, "speakers kept out of training, to choose the epoch by"),
        ("early_stop", int, "end after so many epochs without a gain on the held-out speakers"),
        ("average_checkpoints", int, "average so many of the best epochs"),
        ("seed", int, "of every draw"),
        ("full_window_every", int, "one batch in so many has Whisper's 30 s window"),
        ("packed_every", int, "one in so many of those has clips behind each other, with timestamps"),
        ("dropout", float, "in every layer"),
    ):
        parser.add_argument(_flag(name), type=kind, default=defaults[name], help=text, metavar=kind.__name__.upper())
    for name, text in (
        ("spec_augment", "mask mel bins and stretches of time"),
        ("speed", "play clips at 0.9, 1 or 1.1 times their speed"),
        ("pitch", "shift half of the clips by up to 12 semitones"),
        ("vtlp", "warp the frequency axis by 0.9 to 1.1"),
        ("fresh", "begin anew, whatever is there"),
    ):
        parser.add_argument(_flag(name), action="store_true", help=text)
    for name, words in (
        ("speakers", get_args(Half)),
        ("choose_by", get_args(Measure)),
        ("precision", get_args(Precision)),
        ("device", get_args(Device)),
    ):
        parser.add_argument(_flag(name), choices=words, default=defaults[name])
    parser.add_argument("--corpus", type=Path, required=True, metavar="FOLDER", help="audiofolder of real speech")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="task vector to write, .safetensors")
    return Options(**vars(parser.parse_args(arguments)))
