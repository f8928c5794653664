"""Cross-attention → when each token was said. Approximate: a model attends to what it needs, not to where a word is."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HEADS = 6  # how many heads the times are read from: those that follow the sound best
_SMOOTHED = 7  # positions, as OpenAI's own timing does
_QUIET = 1e-3  # a thousandth of the loudest 20 ms, −30 dB: a pause, not a word

Attention = NDArray[np.float32]


def monotone_path(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Divide the positions among the tokens, in order, none left out, so that the scores on the path sum highest.

    Args:
        scores: of every token at every position, shape (tokens, positions), no fewer positions than tokens.

    Returns:
        Index of the first position of each token, shape (tokens,); the first is 0.
    """
    tokens, positions = scores.shape
    if positions < tokens:
        raise ValueError(f"{tokens} tokens cannot share {positions} positions")
    best = np.full(tokens, -np.inf)
    best[0] = scores[0, 0]
    came = np.zeros((positions, tokens), dtype=bool)  # whether the path came from the token before
    for position in range(1, positions):
        stepped = np.concatenate(([-np.inf], best[:-1]))
        came[position] = stepped > best
        best = np.maximum(best, stepped) + scores[:, position]
    starts = np.zeros(tokens, dtype=np.int64)
    token = tokens - 1
    for position in range(positions - 1, 0, -1):
        if came[position, token]:
            starts[token] = position
            token -= 1
    return starts


def followed(attention: Attention) -> float:
    """Return the share of a head's attention that lies on its own best path from left to right, 0 to 1.

    A head that looks at the sound of each token in turn has nearly all of it there; one that looks everywhere at once,
    or always at the same place, has about one part in ``tokens``.
    """
    tokens, positions = attention.shape
    starts = monotone_path(attention)
    ends = [*starts[1:], positions]
    return float(sum(attention[token, starts[token] : ends[token]].sum() for token in range(tokens)) / tokens)


def follows(attention: Attention) -> NDArray[np.float64]:
    """Compute ``followed`` of every head, shape (layers, heads)."""
    return np.array([[followed(head) for head in layer] for layer in attention])


def token_starts(attention: Attention) -> NDArray[np.int64]:
    """Read from the heads that follow the sound best when each token starts.

    Args:
        attention: of one model, shape (layers, heads, tokens, positions).

    Returns:
        Position (20 ms each) at which each token starts, shape (tokens,).
    """
    shares = follows(attention)
    chosen = np.argsort(-shares, axis=None, kind="stable")[: min(HEADS, shares.size)]
    heads = attention.reshape(-1, *attention.shape[2:])[chosen]
    spread = heads.std(axis=1, keepdims=True)
    relative = (heads - heads.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    return monotone_path(_smoothed(relative).mean(axis=0))


def _smoothed(heads: NDArray[np.floating]) -> NDArray[np.floating]:
    """Take the median of each position and its neighbours."""
    reach = _SMOOTHED // 2
    padded = np.pad(heads, [(0, 0)] * (heads.ndim - 1) + [(reach, reach)], mode="edge")
    medians: NDArray[np.floating] = np.median(
        np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHED, axis=-1), axis=-1
    )
    return medians


def word_times(
    starts: Sequence[int], words: Sequence[tuple[int, int]], samples: NDArray[np.float32], rate: int
) -> list[tuple[float, float]]:
    """Give every word its stretch of the clip, in seconds; pauses before and after it are left out.

    Args:
        starts: position (20 ms each) of each token, the end's included.
        words: of each word, its first token and the one after its last.
        samples: of the clip.
        rate: samples per second.
    """
    step = rate // 50
    whole = samples[: len(samples) // step * step].reshape(-1, step)
    loudness = (whole.astype(np.float64) ** 2).mean(axis=1)
    loud = loudness > _QUIET * loudness.max(initial=0)
    last = math.ceil(len(samples) / step)
    times = []
    for first, after in words:
        begin, end = min(int(starts[first]), last - 1), min(int(starts[after]), last)
        end = max(end, begin + 1)
        heard = np.flatnonzero(loud[begin:end])
        if len(heard):
            begin, end = begin + int(heard[0]), begin + int(heard[-1]) + 1
        times.append((begin * step / rate, min(end * step, len(samples)) / rate))
    return times
