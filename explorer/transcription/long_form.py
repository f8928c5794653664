"""A recording over 30 s, window by window: transformers' own sequential algorithm, which can be stopped."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor
from transformers import GenerationConfig, StoppingCriteria, StoppingCriteriaList, WhisperForConditionalGeneration

from explorer.transcription.decoding import Halt


@torch.inference_mode()
def long_form(
    model: WhisperForConditionalGeneration,
    inputs: Mapping[str, Tensor],
    settings: GenerationConfig,
    language: str | None,
    halt: Halt,
) -> Tensor:
    """Decode window by window, each starting where the last one's text ended.

    It is section 4.5 of the Whisper paper, without fallback.

    Args:
        model: M0, M1, M2 or a merge.
        inputs: ``input_features``, log-mel of all of it, shape (1, mel bins, frames), and its ``attention_mask``.
        settings: the base's.
        language: two-letter code for multilingual models, else None.
        halt: asked at every token and before every layer of the encoder.

    Returns:
        Token ids, shape (tokens,).

    Raises:
        InterruptedDecodingError: ``halt`` said so.
    """
    with _asking(model, halt):
        return model.generate(  # type: ignore[no-any-return]
            inputs["input_features"].to(model.device),
            attention_mask=inputs["attention_mask"].to(model.device),
            generation_config=settings,
            return_timestamps=True,
            stopping_criteria=StoppingCriteriaList([_Asking(halt)]),
            language=language,
            task="transcribe" if language else None,
        )[0]


@contextmanager
def _asking(model: WhisperForConditionalGeneration, halt: Halt) -> Iterator[None]:
    """Ask ``halt`` before every layer of the encoder too: one window takes a bigger model on a CPU many seconds."""
    with ExitStack() as hooks:
        for layer in model.model.encoder.layers:
            hooks.callback(layer.register_forward_pre_hook(lambda *_: halt.check()).remove)
        yield


class _Asking(StoppingCriteria):
    """Lets ``halt`` end ``generate`` by raising at any token."""

    def __init__(self, halt: Halt) -> None:
        self._halt = halt

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: object) -> Tensor:
        self._halt.check()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)
