"""WER and loss on speakers kept out of training, heard as the app hears: greedy, window cut to the clip."""

import contextlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import WhisperForConditionalGeneration

from explorer.audio import load_clip
from explorer.corpora.utterance import Utterance
from explorer.evaluation import evaluate
from explorer.listening import Listener
from explorer.normalization import normalizer_of
from explorer.scoring import WordErrors
from explorer.transcription.decoding import Decoding, Halt
from explorer.transcription.transcriber import Transcriber
from training.batches import collated
from training.material import Example, Labels
from training.network import token_loss
from training.spectrogram import LogMel

_DECODING = Decoding("fit", max_new_tokens=64)
_BATCH = 8


class Ear:
    """Lets a network hear utterances as the app lets its models hear them."""

    def __init__(self, folder: Path) -> None:
        """Load what belongs to the base in a Hugging Face folder."""
        self._transcriber = Transcriber(folder)
        self._normalizer = normalizer_of(folder)

    def errors(
        self, model: WhisperForConditionalGeneration, utterances: Sequence[Utterance], decoding: Decoding
    ) -> WordErrors:
        """Count a network's errors.

        Args:
            model: in evaluation mode.
            utterances: some that can be read.
            decoding: options.

        Returns:
            The pooled counts.
        """
        listener = Listener(lambda _: contextlib.nullcontext(model), self._transcriber, decoding, Halt())
        (result,) = deque(evaluate(utterances, ["network"], listener, self._normalizer), maxlen=1).pop().results
        return result.counts


class Judge:
    """Measures a network on the same utterances again and again."""

    def __init__(self, folder: Path, utterances: Sequence[Utterance], label: Labels) -> None:
        """Take the utterances.

        Args:
            folder: the base's Hugging Face folder.
            utterances: of speakers nobody learns from.
            label: turns references into tokens.
        """
        self._utterances = utterances
        self._ear = Ear(folder)
        self._log_mel = LogMel(folder)
        examples = [
            Example(load_clip(each.path).samples, label(each.reference), label.prompt_length) for each in utterances
        ]
        self._examples = sorted(examples, key=lambda example: len(example.samples))

    def __call__(self, model: WhisperForConditionalGeneration) -> dict[str, float]:
        """Return ``wer`` in percent, pooled, and ``loss`` in nats a token."""
        model.train(False)
        wer = self._ear.errors(model, self._utterances, _DECODING).wer or 0.0
        return {"wer": round(100 * wer, 2), "loss": round(self._loss(model), 4)}

    @torch.no_grad()
    def _loss(self, model: WhisperForConditionalGeneration) -> float:
        total, tokens = 0.0, 0
        for start in range(0, len(self._examples), _BATCH):
            examples = self._examples[start : start + _BATCH]
            positions = _DECODING.positions(len(examples[-1].samples) / 16_000)
            rows = [self._log_mel(example.samples, 2 * positions) for example in examples]
            batch = collated(rows, examples).to(model.device)
            count = sum(len(example.tokens) - example.prompt_length for example in examples)
            total += token_loss(model, batch).item() * count
            tokens += count
        return total / tokens
