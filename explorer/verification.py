"""Is an exported folder the merge? It is loaded with plain transformers, and its tensors and transcripts compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from explorer.audio import SAMPLE_RATE, Clip
from explorer.bench import Bench
from explorer.checkpoints.weights import TIED
from explorer.errors import ConfigError
from explorer.live_model import Network
from explorer.recipe import Recipe
from explorer.steps import Step, Steps
from explorer.transcription.decoding import WINDOW_SECONDS, Decoding, Halt

DataType = Literal["float32", "float16", "bfloat16"]
# Rounding to the nearest: half a unit in the last place, and half the smallest number that float16 has.
_ROUNDING: dict[DataType, tuple[float, float]] = {
    "float32": (0.0, 0.0),
    "float16": (2.0**-11, 2.0**-25),
    "bfloat16": (2.0**-8, 0.0),
}
_LOADED = 0.3  # share of an export that is behind it when its folder is loaded again


@dataclass(frozen=True)
class Verification:
    """What was found when an export was loaded again.

    Attributes:
        dtype: of the stored tensors.
        tensors: how many were compared.
        largest: the largest difference between a stored and a live weight.
        clips: how many sample clips both heard.
        same: for how many of them both gave the same text.
    """

    dtype: DataType
    tensors: int
    largest: float
    clips: int
    same: int

    @property
    def sentence(self) -> str:
        """Say it, tolerance included; "Weights verified" if not every clip gave the same words."""
        relative, absolute = _ROUNDING[self.dtype]
        allowed = f"{relative:.2g} of each weight" + (f" plus {absolute:.2g}" if absolute else "")
        rounded = f"but for rounding (tolerance {allowed}; largest difference {self.largest:.2g})"
        weights = rounded if relative else "bit for bit (tolerance 0)"
        what, alike = "Verified", f"{self.same} of {self.clips} sample clips"
        if not self.clips:
            heard = "it was given no sample clips"
        elif self.same == self.clips:
            heard = f"it writes the same words for {alike}"
        else:
            what, heard = "Weights verified", f"but it writes the same words for only {alike}"
        return f"{what} with plain transformers: its {self.tensors} tensors are the live merge's {weights}; {heard}."


def verify(folder: Path, bench: Bench, recipe: Recipe, dtype: DataType, clips: Iterable[Clip]) -> Steps[Verification]:
    """Load an exported folder and compare it with the live merge, step by step.

    Args:
        folder: as written.
        bench: of the triple; its live merge is held for one comparison at a time.
        recipe: of the merge.
        dtype: of the export.
        clips: sample clips; those over 30 s are left out.

    Raises:
        ConfigError: a tensor is absent, or differs by more than rounding explains.
    """
    yield Step("Loaded again", _LOADED)
    model = WhisperForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    model.train(False)
    model.generation_config.max_length = None  # every clip has a limit of its own; transformers warns of two
    with bench.live.merged(recipe) as merge:
        tensors, largest = _compare(model.state_dict(), merge, dtype)
    clips = [clip for clip in clips if clip.seconds <= WINDOW_SECONDS]
    processor = WhisperProcessor.from_pretrained(folder)
    same = 0
    for number, clip in enumerate(clips):
        yield Step(f"Clip {number + 1} of {len(clips)}", _LOADED + (1 - _LOADED) * number / len(clips))
        plain = _plain(model, processor, clip, bench)
        with bench.live.merged(recipe) as merge:
            same += plain == _live(merge, clip, bench)
    return Verification(dtype, tensors, largest, len(clips), same)


def _compare(stored: Mapping[str, Tensor], merge: Network, dtype: DataType) -> tuple[int, float]:
    """Return how many tensors were compared, and the largest difference.

    Raises:
        ConfigError: one differs by more than rounding explains.
    """
    largest, names = 0.0, [name for name in merge.state_dict() if name != TIED]
    relative, absolute = _ROUNDING[dtype]
    for name in names:
        wanted = merge.get_parameter(name).detach().cpu()
        difference = (stored[name] - wanted).abs()
        if not bool((difference <= relative * wanted.abs() + absolute).all()):
            raise ConfigError(f"{name}: the exported tensor is not the merge's; export again, or as float32.")
        largest = max(largest, difference.max().item())
    return len(names), largest


@torch.inference_mode()
def _plain(model: Network, processor: WhisperProcessor, clip: Clip, bench: Bench) -> str:
    features = processor(clip.samples, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
    spoken: dict[str, Any] = (
        {"language": bench.spec.language, "task": "transcribe"} if bench.transcriber.multilingual else {}
    )
    limit = Decoding("30").token_limit(clip.seconds)
    tokens = model.generate(features, max_new_tokens=limit, **spoken)
    return str(processor.tokenizer.decode(tokens[0], skip_special_tokens=True)).strip()


def _live(merge: Network, clip: Clip, bench: Bench) -> str:
    (heard,) = bench.transcriber.transcribe(merge, [clip], Decoding("30"), Halt())
    return heard.text
