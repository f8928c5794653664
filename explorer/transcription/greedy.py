"""The greedy loop: log-mel features → token ids, one step of the decoder for all rows at a time.

``generate`` of transformers pads every input to 30 s, lets every row of a batch wait for the longest and returns at
the end. This loop gives the same tokens, takes windows cut to the clip, as many as there are, and yields after every
step; where a row has ended, the next clip is brought in.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from transformers import WhisperForConditionalGeneration

from explorer.threads import one_thread
from explorer.transcription.decoder import Cohort, Decoder
from explorer.transcription.decoding import FRAMES_PER_POSITION, Halt
from explorer.transcription.encoder import autocast, encode
from explorer.transcription.room import Room, room_of
from explorer.transcription.token_rules import TokenRules

_FEW = 8  # rows; a step takes as long on two threads as on one, or, beside another program, much longer


@torch.inference_mode()
def greedy(
    model: WhisperForConditionalGeneration,
    features: Sequence[Tensor] | Tensor,
    rules: TokenRules,
    limits: Sequence[int],
    halt: Halt,
    encoder: Callable[[Sequence[int]], Tensor] | None = None,
    decoder: Decoder | None = None,
    room: Room | None = None,
) -> Iterator[list[list[int]]]:
    """Decode clips, yielding all rows' tokens so far after every step.

    Args:
        model: a Whisper in evaluation mode.
        features: log-mel of every clip, shape (mel bins, frames); their windows may differ.
        rules: prompt, end and suppressed tokens.
        limits: most new tokens of each row.
        halt: asked before every layer of the encoder and every step of the decoder.
        encoder: numbers of rows of one window → the encoder's output, where it may be known already.
        decoder: of the model, for the products of its type; None: in float32. Several loops may share one.
        room: what is encoded and decoded together; None: what suits the device.

    Yields:
        New tokens of every row, the same lists every time; a row that has ended ends with ``rules.end`` or has as
        many tokens as its limit.

    Raises:
        InterruptedDecodingError: ``halt`` said so.
    """
    halt.check()

    def encoded(rows: Sequence[int]) -> Tensor:
        return encode(model, torch.stack([features[row] for row in rows]).to(model.device), halt)

    positions = [each.shape[-1] // FRAMES_PER_POSITION for each in features]
    room = room or room_of(model)
    waiting = _groups(positions, room.cohort)
    decoder = decoder or Decoder(model, torch.float32, len(limits))
    pool = _Pool(decoder, rules, limits, model.device)
    while waiting or pool.cohorts:
        with autocast(model, decoder.dtype):
            while waiting and pool.has_room(waiting[0], positions, room):
                rows = waiting.popleft()
                pool.admit(rows, (encoder or encoded)(rows), halt)
            halt.check()
            with one_thread(pool.is_small):
                pool.step()
        yield pool.said


class _Pool:
    """The rows that are being decoded.

    Attributes:
        said: new tokens of every row, those that wait or have ended among them.
        cohorts: the rows at work.
    """

    def __init__(self, decoder: Decoder, rules: TokenRules, limits: Sequence[int], device: torch.device) -> None:
        self.said: list[list[int]] = [[] for _ in limits]
        self.cohorts: list[Cohort] = []
        self._decoder, self._rules, self._limits, self._device = decoder, rules, limits, device
        self._never, self._never_first = (
            torch.tensor(ids, dtype=torch.long, device=device) for ids in (rules.suppressed, rules.suppressed_first)
        )

    @property
    def is_small(self) -> bool:
        """Say whether the rows at work are too few for more than one thread of a CPU."""
        return self._are_few([row for cohort in self.cohorts for row in cohort.rows])

    def _are_few(self, rows: Sequence[int]) -> bool:
        return self._device.type == "cpu" and len(rows) <= _FEW

    def has_room(self, rows: Sequence[int], positions: Sequence[int], room: Room) -> bool:
        """Say whether rows may come in."""
        if not self.cohorts:
            return True
        together = [row for cohort in self.cohorts for row in cohort.rows] + list(rows)
        return len(together) <= room.rows and sum(positions[row] for row in together) <= room.positions

    def admit(self, rows: Sequence[int], hidden: Tensor, halt: Halt) -> None:
        """Bring in rows that were encoded together, and let them take in the prompt but for its last token."""
        longest = len(self._rules.prompt) + max(self._limits[row] for row in rows)
        cohort = Cohort(self._decoder, rows, hidden, longest)
        with one_thread(self._are_few(rows)):
            for token in self._rules.prompt[:-1]:
                halt.check()
                self._decoder.step(torch.full((len(rows),), token, device=self._device), [cohort])
        self.cohorts.append(cohort)

    def step(self) -> None:
        """Let every row say a token; rows that have ended leave."""
        rows = [row for cohort in self.cohorts for row in cohort.rows]
        tokens = [self.said[row][-1] if self.said[row] else self._rules.prompt[-1] for row in rows]
        hidden = self._decoder.step(torch.tensor(tokens, device=self._device), self.cohorts)
        fresh = torch.tensor([place for place, row in enumerate(rows) if not self.said[row]], device=self._device)

        def ban(scores: Tensor) -> None:
            scores[:, self._never] = -torch.inf
            if len(fresh):
                scores[fresh[:, None], self._never_first] = -torch.inf

        for row, token in zip(rows, self._decoder.best(hidden, ban), strict=True):
            self.said[row].append(token)
        for cohort in self.cohorts:
            for place in reversed(range(len(cohort.rows))):
                if self._has_ended(cohort.rows[place]):
                    cohort.drop(place)
        self.cohorts = [cohort for cohort in self.cohorts if cohort.rows]

    def _has_ended(self, row: int) -> bool:
        said = self.said[row]
        return said[-1] == self._rules.end or len(said) >= self._limits[row]


def _groups(positions: Sequence[int], cohort: int) -> deque[list[int]]:
    """Group rows of one window, the longest windows first: short clips fill what is left at the end."""
    by_window: dict[int, list[int]] = {}
    for row, count in enumerate(positions):
        by_window.setdefault(count, []).append(row)
    found: deque[list[int]] = deque()
    for _, rows in sorted(by_window.items(), reverse=True):
        found += [rows[start : start + cohort] for start in range(0, len(rows), cohort)]
    return found
