"""The transcriber of a triple: its tokenizer, its features, its prompt; clips in, hypotheses out."""

import re
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from transformers import WhisperForConditionalGeneration

from explorer.audio import SAMPLE_RATE, Clip
from explorer.errors import CheckpointError
from explorer.kept import Kept
from explorer.threads import side_by_side
from explorer.transcription.companions import companions
from explorer.transcription.decoder import Decoder
from explorer.transcription.decoding import WINDOW_SECONDS, Decoding, Halt, Hypothesis, Prints
from explorer.transcription.encoder import Seen, encode, recalled
from explorer.transcription.greedy import greedy
from explorer.transcription.guesses import Guesses
from explorer.transcription.long_form import long_form
from explorer.transcription.mels import Mels
from explorer.transcription.room import dealt, room_of
from explorer.transcription.token_rules import is_multilingual, token_rules
from explorer.transcription.vocabulary import Vocabulary

HIDDEN_BYTES = 512 << 20  # of clips heard before: a hundred of 30 s with tiny, behind the convolutions and at the end
VOCABULARY_BYTES = 128 << 20  # of copies in 16 bits: three of tiny, one of small
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Transcriber:
    """Turns clips into text with any model of one triple.

    Attributes:
        multilingual: whether the prompt names language and task.
        rules: its prompt, end and suppressed tokens.
        vocabulary: what tokens stand for.
    """

    def __init__(self, folder: Path, language: str = "en") -> None:
        """Load what belongs to the base model.

        Args:
            folder: the base's Hugging Face folder.
            language: two-letter code, for multilingual models.

        Raises:
            CheckpointError: tokenizer, generation or feature settings are missing, or the language is unknown.
        """
        try:
            self._tokenizer, self._extractor, self._settings = companions(folder)
        except Exception as error:  # what transformers raises depends on what is wrong in the files
            raise CheckpointError(
                f"{folder.name}: tokenizer, feature or generation settings are missing or broken; fetch the base again."
            ) from error
        self.vocabulary = Vocabulary(self._tokenizer)
        self.multilingual = is_multilingual(self._settings)
        self._language = language
        self._mels, self._hidden = Mels(self._extractor), Kept(HIDDEN_BYTES)
        self._vocabularies, self._guesses = Kept(VOCABULARY_BYTES), Guesses()
        self.rules = token_rules(self._settings, self._tokenizer, language, folder.name)

    def tokens(self, text: str) -> list[int]:
        """Return the ids of a text, without prompt and end."""
        return self._tokenizer.encode(text, add_special_tokens=False)  # type: ignore[no-any-return]

    def features(self, clips: Sequence[Clip], decoding: Decoding, device: str = "cpu") -> Tensor:
        """Compute log-mel features of clips of at most 30 s that share a window, or recall them.

        Args:
            clips: one or more.
            decoding: options.
            device: ``cpu`` or ``cuda``, where they are computed.

        Returns:
            Float32, shape (clips, mel bins, frames), on the CPU.
        """
        assert len({decoding.positions(clip.seconds) for clip in clips}) == 1, "clips of a batch share their window"
        return torch.stack(self._mels.of(clips, decoding, device))

    def transcribe(
        self,
        model: WhisperForConditionalGeneration,
        clips: Sequence[Clip],
        decoding: Decoding,
        halt: Halt,
        prints: Prints | None = None,
    ) -> list[Hypothesis]:
        """Decode clips of any length, together.

        Args:
            model: M0, M1, M2 or a merge.
            clips: one or more.
            decoding: options.
            halt: asked before every layer of the encoder and every step of the decoder.
            prints: of the model's weights; None recalls nothing.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
        """
        found = {place: self._long_form(model, clip, halt) for place, clip in enumerate(clips) if _is_long(clip)}
        short = [place for place in range(len(clips)) if place not in found]
        shares = dealt({place: clips[place].seconds for place in short}, model.device.type)
        stopped = threading.Event()
        either = replace(halt, cancelled=lambda: stopped.is_set() or halt.cancelled())
        decoder = self._decoder(model, [clips[place] for place in short], decoding, prints) if short else None

        def heard(places: Sequence[int]) -> list[Hypothesis]:
            some = [clips[place] for place in places]
            rows = deque(self._short(model, some, decoding, either, prints, decoder, len(shares)), maxlen=1).pop()
            return [self._hypothesis(row) for row in rows]

        for places, hypotheses in zip(shares, side_by_side(heard, shares, stopped.set), strict=True):
            found |= dict(zip(places, hypotheses, strict=True))
        return [found[place] for place in range(len(clips))]

    def stream(
        self,
        model: WhisperForConditionalGeneration,
        clips: Sequence[Clip],
        decoding: Decoding,
        halt: Halt,
        prints: Prints | None = None,
    ) -> Iterator[list[Hypothesis]]:
        """Decode as ``transcribe`` does, yielding after every step; a recording over 30 s comes alone, yields once."""
        if len(clips) == 1 and _is_long(clips[0]):
            yield [self._long_form(model, clips[0], halt)]
            return
        decoder = self._decoder(model, clips, decoding, prints)
        for rows in self._short(model, clips, decoding, halt, prints, decoder):
            yield [self._hypothesis(row) for row in rows]

    @torch.inference_mode()
    def _decoder(
        self,
        model: WhisperForConditionalGeneration,
        clips: Sequence[Clip],
        decoding: Decoding,
        prints: Prints | None,
    ) -> Decoder:
        guessed = any(self._earlier(clips, decoding))
        name = prints.vocabulary if prints else None
        return Decoder(model, _DTYPES[decoding.precision], len(clips), self._vocabularies, name, guessed=guessed)

    def _earlier(self, clips: Sequence[Clip], decoding: Decoding) -> list[Sequence[int]]:
        if decoding.precision != "float32":
            return [()] * len(clips)
        return [self._guesses.of(clip.digest) for clip in clips]

    def _short(
        self,
        model: WhisperForConditionalGeneration,
        clips: Sequence[Clip],
        decoding: Decoding,
        halt: Halt,
        prints: Prints | None,
        decoder: Decoder | None,
        shares: int = 1,
    ) -> Iterator[list[list[int]]]:
        mels = self._mels.of(clips, decoding, model.device.type)
        limits = [decoding.token_limit(clip.seconds) for clip in clips]

        def encoded(rows: Sequence[int]) -> Tensor:
            def compute(
                places: Sequence[int], begun: tuple[int, Tensor] | None = None, seen: Seen | None = None
            ) -> Tensor:
                features = torch.stack([mels[rows[place]] for place in places])
                return encode(model, features.to(model.device), halt, begun, seen)

            if prints is None:
                return compute(range(len(rows)))
            slots = [(clips[row].digest, mels[row].shape[-1], decoding.precision) for row in rows]
            return recalled(self._hidden, prints.encoder, slots, compute)

        earlier = self._earlier(clips, decoding)
        rows: list[list[int]] = []
        for rows in greedy(model, mels, self.rules, limits, halt, encoded, decoder, room_of(model, shares), earlier):
            yield rows
        for clip, row in zip(clips, rows, strict=True):
            self._guesses.note(clip.digest, [token for token in row if token != self.rules.end])

    @torch.inference_mode()
    def forced(self, model: WhisperForConditionalGeneration, clip: Clip, reference: str, decoding: Decoding) -> Tensor:
        """Let a model hear a clip of at most 30 s while it is told what was said, module by module.

        Args:
            model: M0, M1, M2 or a merge.
            clip: of one window.
            reference: what was said.
            decoding: options.

        Returns:
            The decoder's last hidden states, shape (1, tokens, width): after the prompt and after every word's token.
        """
        words = self.tokens(f" {reference}")
        room = int(model.config.max_target_positions) - len(self.rules.prompt)
        tokens = torch.tensor([[*self.rules.prompt, *words[:room]]], device=model.device)
        features = self.features([clip], decoding, model.device.type).to(model.device)
        hidden = encode(model, features, Halt(), modules=True)
        return model.model.decoder(tokens, encoder_hidden_states=hidden, use_cache=False).last_hidden_state  # type: ignore[no-any-return]

    def _hypothesis(self, row: list[int]) -> Hypothesis:
        ended = bool(row) and row[-1] == self.rules.end
        text = self._tokenizer.decode(row, skip_special_tokens=True)
        # A token may end in the middle of a letter; the rest comes with the next one.
        return Hypothesis(text.removesuffix(_REPLACEMENT).strip(), ended)

    def _long_form(self, model: WhisperForConditionalGeneration, clip: Clip, halt: Halt) -> Hypothesis:
        inputs = self._extractor(
            clip.samples,
            sampling_rate=SAMPLE_RATE,
            return_tensors="pt",
            truncation=False,
            padding="longest",
            return_attention_mask=True,
        )
        tokens = long_form(model, inputs, self._settings, self._language if self.multilingual else None, halt)
        return Hypothesis(re.sub(r"\s+", " ", self._tokenizer.decode(tokens, skip_special_tokens=True)).strip())


def _is_long(clip: Clip) -> bool:
    return clip.seconds > WINDOW_SECONDS
