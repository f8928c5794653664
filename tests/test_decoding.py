"""Windows, token limits, and when to stop."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.transcription.decoding import (
    FIT_SPARE_SECONDS,
    MAX_TOKENS,
    MIN_TOKENS,
    Decoding,
    Halt,
    InterruptedDecodingError,
)

lengths = st.floats(0.1, 30)


@given(lengths)
def test_the_window_of_30_seconds_has_1500_positions_for_every_clip(seconds):
    assert Decoding("30").positions(seconds) == 1_500


@given(lengths)
def test_a_fitting_window_holds_the_clip_and_its_spare_time_but_never_over_30_seconds(seconds):
    positions = Decoding("fit").positions(seconds)
    assert 50 < positions <= 1_500
    assert positions / 50 >= min(30.0, seconds + FIT_SPARE_SECONDS)


@given(lengths)
def test_a_fitting_window_is_cut_to_whole_seconds_and_wastes_less_than_one(seconds):
    positions = Decoding("fit").positions(seconds)
    assert positions % 50 == 0
    assert positions / 50 < seconds + FIT_SPARE_SECONDS + 1


@pytest.mark.parametrize(("seconds", "positions"), [(0.1, 100), (0.7, 100), (0.71, 150), (4.656, 300), (28.7, 1500)])
def test_fitting_windows_by_hand(seconds, positions):
    assert Decoding("fit").positions(seconds) == positions


@given(lengths, lengths)
def test_a_longer_clip_may_give_more_tokens(one, other):
    short, long = sorted((one, other))
    assert Decoding().token_limit(short) <= Decoding().token_limit(long)


@pytest.mark.parametrize(("seconds", "limit"), [(0.1, 64), (8, 64), (8.1, 65), (20, 160), (28, 224), (30, 224)])
def test_eight_tokens_a_second_from_64_to_224(seconds, limit):
    assert (MIN_TOKENS, MAX_TOKENS) == (64, 224)
    assert Decoding().token_limit(seconds) == limit


@given(lengths, st.integers(1, 440))
def test_a_limit_that_is_given_holds_for_every_clip(seconds, limit):
    assert Decoding(max_new_tokens=limit).token_limit(seconds) == limit


def test_the_options_are_told_as_they_stand_beside_a_number():
    assert Decoding("fit").as_dict() == {
        "search": "greedy",
        "window": "fit",
        "max_new_tokens": "8 per second, 64 to 224",
    }
    assert Decoding("30", 64).as_dict()["max_new_tokens"] == 64


def test_a_halt_lets_work_go_on_by_default():
    Halt().check()


def test_a_cancelled_halt_raises():
    cancelled = []
    halt = Halt(lambda: bool(cancelled))
    halt.check()
    cancelled.append(True)
    with pytest.raises(InterruptedDecodingError, match="no longer wanted"):
        halt.check()


def test_a_deadline_that_is_past_raises():
    Halt.after(60).check()
    with pytest.raises(InterruptedDecodingError, match="deadline"):
        Halt(deadline=time.monotonic() - 0.001).check()
