"""Clips of one window with what was said in them, ready for any model of a triple to be told it, token by token."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.audio import Clip
from explorer.transcription.decoding import Decoding
from explorer.transcription.transcriber import Transcriber


@dataclass(frozen=True, eq=False)
class Told:
    """Clips and their references, as a model takes them.

    Attributes:
        key: differs when a clip, a reference or the window does.
        features: log-mel, float32, shape (clips, mel bins, frames), on the CPU.
        tokens: prompt and words, shape (clips, tokens); shorter rows are filled up behind, where nothing looks.
        prompt: number of tokens before the first word.
        targets: of each clip, the tokens to be expected: its words' and the end.
        words: of each clip, its words as they are written, and how many tokens each takes.
    """

    key: str
    features: Tensor
    tokens: Tensor
    prompt: int
    targets: tuple[tuple[int, ...], ...]
    words: tuple[tuple[tuple[str, int], ...], ...]


def tell(
    transcriber: Transcriber, clips: Sequence[Clip], references: Sequence[str], decoding: Decoding, positions: int
) -> Told:
    """Prepare clips of at most 30 s that share a window.

    Args:
        transcriber: of the triple.
        clips: one or more.
        references: what was said in each; words that do not fit into the decoder are left out.
        decoding: options; of them only the window matters.
        positions: of the decoder, 448 in OpenAI's models.
    """
    rules = transcriber.rules
    room = positions - len(rules.prompt)
    rows: list[list[int]] = []
    words: list[tuple[tuple[str, int], ...]] = []
    for reference in references:
        row: list[int] = []
        listed: list[tuple[str, int]] = []
        for word in reference.split():
            # Words never share a token: told one by one they are the tokens of the whole text.
            ids = transcriber.tokens(f" {word}")
            if len(row) + len(ids) > room:
                break
            row += ids
            listed.append((word, len(ids)))
        rows.append(row)
        words.append(tuple(listed))
    longest = max(len(row) for row in rows)
    tokens = [[*rules.prompt, *row, *[rules.end] * (longest - len(row))] for row in rows]
    named = "\n".join([decoding.window, *(f"{c.digest} {r}" for c, r in zip(clips, references, strict=True))])
    return Told(
        key=hashlib.sha256(named.encode()).hexdigest(),
        features=transcriber.features(clips, decoding),
        tokens=torch.tensor(tokens),
        prompt=len(rules.prompt),
        targets=tuple((*row, rules.end) for row in rows),
        words=tuple(words),
    )
