"""The greedy loop: log-mel features → token ids, one step of the decoder for all rows at a time.

``generate`` of transformers pads every input to 30 s, lets every row of a batch wait for the longest and returns at
the end. This loop gives the same tokens, takes windows cut to the clip, as many as there are, and yields after every
step; where a row has ended, the next clip is brought in. Where it is known how a clip was heard before, a step takes in
what may follow too (``guesses``), and keeps of it what the model would have said itself.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial

import torch
from torch import Tensor
from transformers import WhisperForConditionalGeneration

from explorer.threads import one_thread
from explorer.transcription.cohort import Cohort
from explorer.transcription.decoder import Decoder
from explorer.transcription.decoding import FRAMES_PER_POSITION, Halt
from explorer.transcription.encoder import autocast, encode
from explorer.transcription.guesses import guess
from explorer.transcription.room import Room, room_of
from explorer.transcription.token_rules import TokenRules

_FEW = 8  # tokens; a step takes as long on two threads as on one, or, beside another program, much longer
# Of a step with guesses, tokens × layers × width²: so many that it takes a processor half a second, which is how long a
# cancel may wait, and a GPU no longer than a step of few.
_WORK = {"cpu": 3e8, "cuda": 5e9}
_SCORED = {"cpu": 64, "cuda": 512}  # rows whose scores of the whole vocabulary are held at a time
_FIRST_GUESS = 16  # tokens; more where a guess was right


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
    earlier: Sequence[Sequence[int]] | None = None,
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
        earlier: tokens that were heard in each clip before, none where that is not known; None: nowhere.

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
    pool = _Pool(decoder, rules, limits, earlier or [()] * len(limits), model.device)
    while waiting or pool.cohorts:
        with autocast(model, decoder.dtype):
            while waiting and pool.has_room(waiting[0], positions, room):
                rows = waiting.popleft()
                pool.admit(rows, (encoder or encoded)(rows), halt)
            halt.check()
            pool.step()
        yield pool.said


class _Pool:
    """The rows that are being decoded.

    Attributes:
        said: new tokens of every row, those that wait or have ended among them.
        cohorts: the rows at work.
    """

    def __init__(
        self,
        decoder: Decoder,
        rules: TokenRules,
        limits: Sequence[int],
        earlier: Sequence[Sequence[int]],
        device: torch.device,
    ) -> None:
        self.said: list[list[int]] = [[] for _ in limits]
        self.cohorts: list[Cohort] = []
        self._decoder, self._rules, self._limits, self._device = decoder, rules, limits, device
        self._earlier = earlier
        self._most = int(_WORK[device.type] / decoder.weight)
        self._trusted = [_FIRST_GUESS] * len(limits)  # most tokens to guess of a row, by how right the last guess was
        self._never, self._never_first = (
            torch.tensor(ids, dtype=torch.long, device=device) for ids in (rules.suppressed, rules.suppressed_first)
        )

    def has_room(self, rows: Sequence[int], positions: Sequence[int], room: Room) -> bool:
        """Say whether rows may come in."""
        if not self.cohorts:
            return True
        together = [row for cohort in self.cohorts for row in cohort.rows] + list(rows)
        return len(together) <= room.rows and sum(positions[row] for row in together) <= room.positions

    def admit(self, rows: Sequence[int], hidden: Tensor, halt: Halt) -> None:
        """Bring in rows that were encoded together, and let them take in the prompt but for its last token."""
        longest = len(self._rules.prompt) + max(self._limits[row] for row in rows)
        cohort = self._decoder.begin(rows, hidden, longest)
        with self._threads(len(rows)):
            for token in self._rules.prompt[:-1]:
                halt.check()
                self._decoder.step(torch.full((len(rows),), token, device=self._device), [cohort], [1])
                cohort.lengths = [length + 1 for length in cohort.lengths]
        self.cohorts.append(cohort)

    def step(self) -> None:
        """Let every row say a token, or as many as were guessed rightly and one more; rows that have ended leave."""
        most = self._most // sum(len(cohort.rows) for cohort in self.cohorts) - 1
        given = [[self._given(row, most) for row in cohort.rows] for cohort in self.cohorts]
        found = iter(self._answers(given))
        for cohort, rows in zip(self.cohorts, given, strict=True):
            for place, (row, tokens) in enumerate(zip(cohort.rows, rows, strict=True)):
                cohort.lengths[place] += self._say(row, tokens, found)
            for place in reversed(range(len(cohort.rows))):
                if self._has_ended(cohort.rows[place]):
                    cohort.drop(place)
        self.cohorts = [cohort for cohort in self.cohorts if cohort.rows]

    def _given(self, row: int, most: int) -> list[int]:
        """Return what a row takes in: its last token, and what is guessed to follow."""
        said, earlier = self.said[row], self._earlier[row]
        last = said[-1] if said else self._rules.prompt[-1]
        most = min(most, self._trusted[row], self._limits[row] - len(said) - 1)
        return [last, *guess(earlier, said)[:most]] if earlier and most > 0 else [last]

    def _answers(self, given: Sequence[Sequence[Sequence[int]]]) -> list[int]:
        """Take in tokens of all rows, and return what the model says to follow each."""
        counts = [max(map(len, rows)) for rows in given]
        flat: list[int] = []
        asked: list[int] = []
        first: list[int] = []
        for cohort, rows, count in zip(self.cohorts, given, counts, strict=True):
            for row, tokens in zip(cohort.rows, rows, strict=True):
                if not self.said[row]:
                    first.append(len(asked))
                asked += range(len(flat), len(flat) + len(tokens))
                # Nothing looks at what fills up a row: it lies behind everything that does.
                flat += [*tokens, *[self._rules.end] * (count - len(tokens))]
        with self._threads(len(flat)):
            hidden = self._decoder.step(torch.tensor(flat, device=self._device), self.cohorts, counts)
            if len(asked) < len(flat):
                hidden = hidden[asked]
            answers = []
            scored = _SCORED[self._device.type]
            for start in range(0, len(asked), scored):
                end = start + scored
                fresh = [place - start for place in first if start <= place < end]
                answers += self._decoder.best(hidden[start:end], partial(self._ban, fresh))
        return answers

    def _ban(self, fresh: Sequence[int], scores: Tensor) -> None:
        scores[:, self._never] = -torch.inf
        if fresh:
            scores[torch.tensor(fresh, device=self._device)[:, None], self._never_first] = -torch.inf

    def _say(self, row: int, given: Sequence[int], found: Iterator[int]) -> int:
        """Let a row say what was found, up to the first that was not guessed; return how many of ``given`` hold."""
        answers = [next(found) for _ in given]
        right = 0
        while True:
            self.said[row].append(answers[right])
            if self._has_ended(row) or right + 1 == len(given) or given[right + 1] != answers[right]:
                break
            right += 1
        if len(given) > 1:
            self._trusted[row] = 1 + 2 * right
        return 1 + right

    def _threads(self, tokens: int) -> AbstractContextManager[None]:
        """Give short steps one thread of a CPU."""
        return one_thread(self._device.type == "cpu" and tokens <= _FEW)

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
