"""Who is trained on, who is chosen by, who is judged on: splits of a corpus in which no speaker is on both sides."""

from collections.abc import Sequence

import numpy as np

from explorer.corpora.utterance import Utterance
from explorer.halves import shuffled_speakers
from training.errors import TrainingError


def hold_out(utterances: Sequence[Utterance], speakers: int, seed: int) -> tuple[list[Utterance], list[Utterance]]:
    """Take some speakers out.

    Args:
        utterances: of a corpus or a half of it.
        speakers: how many to take out, at random.
        seed: of the draw.

    Returns:
        The utterances of those who stay, and of those taken out.

    Raises:
        TrainingError: nobody would stay.
    """
    drawn = shuffled_speakers(utterances, seed)
    if speakers >= len(drawn):
        raise TrainingError(
            f"--held-out-speakers: {speakers} of {len(drawn)} speakers would leave nobody; hold out less."
        )
    out = set(drawn[:speakers])
    return [u for u in utterances if u.speaker not in out], [u for u in utterances if u.speaker in out]


def draw_hours(
    utterances: Sequence[Utterance], seconds: Sequence[float], hours: float, seed: int
) -> tuple[list[Utterance], float]:
    """Draw utterances at random up to a number of hours; fewer hours of the same seed are a subset of more.

    Args:
        utterances: to draw from.
        seconds: length of each.
        hours: to draw.
        seed: of the draw.

    Returns:
        Those drawn, in the order given, and their length in hours.

    Raises:
        TrainingError: there are fewer hours.
    """
    available = sum(seconds) / 3600
    if hours > available + 0.005:  # what is printed with two decimals may be asked for
        raise TrainingError(f"--hours: expected at most the {available:.2f} there are, but got {hours:g}.")
    kept: set[int] = set()
    total = 0.0
    for index in np.random.default_rng([seed, 1]).permutation(len(utterances)):
        if total + seconds[index] <= hours * 3600 + 18:
            kept.add(int(index))
            total += seconds[index]
        else:
            break
    if not kept:
        raise TrainingError(f"--hours: {hours:g} is less than one clip; ask for more.")
    return [utterance for index, utterance in enumerate(utterances) if index in kept], total / 3600
