"""The most likely token by a copy in 16 bits is the one that the whole float32 product finds."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.transcription import screen
from explorer.transcription.screen import Screen, best, screen_of

DTYPES = (torch.float16, torch.bfloat16)
WIDTH = 48


def nothing(_):
    """Ban no token."""


def made(seed, rows=3, words=500, spread=1.0, norm=20.0):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(words, WIDTH, generator=generator) * 0.1
    # Words that resemble each other, so that rounding to 16 bits mistakes one for the other.
    matrix[1:] = matrix[:1] + spread * (matrix[1:] - matrix[:1])
    hidden = torch.randn(rows, WIDTH, generator=generator)
    return hidden * norm / hidden.norm(dim=1, keepdim=True), matrix


def gap(hidden, matrix, tokens):
    """By how much the chosen tokens miss the highest score, in float64."""
    scores = hidden.double() @ matrix.double().T
    return float((scores.amax(dim=1) - scores[torch.arange(len(tokens)), tokens]).max())


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 0.1, 0.01]), st.sampled_from([0.5, 20.0, 250.0]))
def test_it_chooses_what_the_whole_product_chooses(dtype, seed, spread, norm):
    hidden, matrix = made(seed, spread=spread, norm=norm)
    tokens = Screen(matrix, dtype).best(hidden, nothing)
    assert gap(hidden, matrix, tokens) <= 1e-5 * norm


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_copy_alone_would_choose_otherwise(dtype):
    wrong = 0
    for seed in range(50):
        hidden, matrix = made(seed, rows=8, spread=0.01)
        copied = torch.nn.functional.linear(hidden.to(dtype), matrix.to(dtype)).argmax(dim=1).tolist()
        tokens = Screen(matrix, dtype).best(hidden, nothing)
        wrong += copied != tokens
        assert gap(hidden, matrix, tokens) <= 1e-4
    assert wrong > 10


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.integers(0, 10_000), st.floats(0.001, 400), st.floats(0.001, 3))
def test_no_score_of_the_copy_is_further_off_than_the_bound(dtype, seed, norm, size):
    hidden, matrix = made(seed, norm=norm)
    matrix *= size
    off = torch.nn.functional.linear(hidden.to(dtype), matrix.to(dtype)).double() - hidden.double() @ matrix.double().T
    assert float(off.abs().max()) <= float(Screen(matrix, dtype)._doubt) / 2 * max(norm, 1.0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_banned_is_not_chosen(dtype):
    hidden, matrix = made(1)
    first = best(hidden, matrix, nothing)

    def ban(scores):
        scores[:, first] = -torch.inf

    tokens = Screen(matrix, dtype).best(hidden, ban)
    assert not set(tokens) & set(first)
    assert tokens == best(hidden, matrix, ban)


@pytest.mark.parametrize("dtype", DTYPES)
def test_of_equal_tokens_the_first_is_chosen(dtype):
    hidden, matrix = made(2, rows=1)
    (token,) = best(hidden, matrix, nothing)
    matrix[token + 1 if token + 1 < len(matrix) else token - 1] = matrix[token]
    assert Screen(matrix, dtype).best(hidden, nothing) == best(hidden, matrix, nothing)


def test_scores_beyond_the_range_of_16_bits_are_computed_whole():
    hidden, matrix = made(3, norm=1.0)
    hidden *= 1e6
    assert Screen(matrix, torch.float16).best(hidden, nothing) == best(hidden, matrix, nothing)


def test_where_the_bound_leaves_many_the_product_is_computed_whole(monkeypatch):
    hidden, matrix = made(4, spread=1e-6)
    asked = []
    monkeypatch.setattr(screen, "best", lambda *given: asked.append(given) or best(*given))
    assert Screen(matrix, torch.bfloat16).best(hidden, nothing) == best(hidden, matrix, nothing)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("able", "rows", "guessed", "dtype"),
    [
        ({"f16c": True, "avx512_bf16": True}, 1, False, torch.float16),
        ({"f16c": True, "avx512_bf16": True}, 1, True, torch.bfloat16),
        ({"f16c": True, "avx512_bf16": True}, 2, False, torch.bfloat16),
        ({"amx_bf16": True}, 9, False, torch.bfloat16),
        ({"amx_bf16": True}, 1, False, None),
        ({"f16c": True}, 1, True, torch.float16),
        ({"f16c": True}, 2, False, None),
        ({"f16c": True}, 2, True, None),
        ({}, 1, False, None),
    ],
)
def test_a_copy_is_made_where_the_processor_is_fast_with_it(monkeypatch, able, rows, guessed, dtype):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    found = screen_of(torch.ones(4, 4), rows, guessed=guessed)
    assert (found._copy.dtype if found else None) == dtype


def test_float16_takes_a_few_rows_and_many_are_scored_whole(monkeypatch):
    hidden, matrix = made(5, rows=6)
    asked = []
    monkeypatch.setattr(screen, "best", lambda *given: asked.append(given) or best(*given))
    rows = Screen(matrix, torch.float16)
    assert rows.best(hidden[:4], nothing) == best(hidden[:4], matrix, nothing)
    assert not asked
    assert rows.best(hidden, nothing) == best(hidden, matrix, nothing)
    assert len(asked) == 1


def test_products_that_are_not_float32_need_no_copy():
    assert screen_of(torch.ones(4, 4, dtype=torch.bfloat16), 1) is None
