"""From attention to times: the best path from left to right, checked against all paths; words without their pauses."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.timing import followed, follows, monotone_path, token_starts, word_times

shapes = st.tuples(st.integers(1, 4), st.integers(0, 5), st.integers(0, 10_000))


@given(shapes)
def test_no_path_from_left_to_right_is_better(shape):
    tokens, spare, seed = shape
    scores = np.random.default_rng(seed).normal(size=(tokens, tokens + spare))
    positions = scores.shape[1]

    def worth(starts):
        ends = [*starts[1:], positions]
        return sum(scores[token, begin:end].sum() for token, (begin, end) in enumerate(zip(starts, ends, strict=True)))

    paths = [(0, *rest) for rest in itertools.combinations(range(1, positions), tokens - 1)]
    found = tuple(monotone_path(scores))
    assert found in paths
    assert worth(found) == pytest.approx(max(worth(path) for path in paths))


def test_tokens_that_outnumber_the_positions_are_refused():
    with pytest.raises(ValueError, match="3 tokens cannot share 2 positions"):
        monotone_path(np.zeros((3, 2)))


def stairs(tokens: int, width: int) -> np.ndarray:
    """A head that looks at each token's stretch in turn."""
    return np.repeat(np.eye(tokens, dtype=np.float32) / width, width, axis=1)


def test_a_head_that_follows_the_sound_has_all_its_attention_on_a_path():
    assert followed(stairs(5, 10)) == pytest.approx(1)
    assert followed(np.full((5, 50), 1 / 50, np.float32)) == pytest.approx(1 / 5)
    assert followed(stairs(5, 10)[::-1].copy()) < 0.5
    assert follows(np.stack([stairs(5, 10), np.full((5, 50), 1 / 50)])[None]).shape == (1, 2)


def test_times_are_read_from_the_heads_that_follow_the_sound():
    generator = np.random.default_rng(0)
    noise = generator.dirichlet(np.ones(60), size=(3, 6)).astype(np.float32)
    heads = np.concatenate([noise[:1], stairs(6, 10)[None], noise[1:]])
    starts = token_starts(np.stack([heads, np.stack([stairs(6, 10)] * 4)]))
    np.testing.assert_allclose(starts, np.arange(6) * 10, atol=3)


def test_a_words_time_leaves_the_pauses_out():
    rate = 1_000  # twenty samples for each position
    samples = np.zeros(2_000, np.float32)
    samples[400:800] = 0.5
    samples[1_200:1_600] = 0.5
    times = word_times([0, 50, 95], [(0, 1), (1, 2)], samples, rate)
    assert times == [(0.4, 0.8), (1.2, 1.6)]


def test_every_word_has_some_time_and_none_beyond_the_clip():
    samples = np.full(1_010, 0.1, np.float32)
    times = word_times([0, 0, 70, 80], [(0, 1), (1, 2), (2, 3)], samples, 1_000)
    assert all(0 <= begin < end <= 1.01 for begin, end in times)
