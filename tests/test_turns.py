"""The fair lock: one at a time, in the order of arrival."""

import threading
import time

import pytest

from explorer.turns import Turns


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "waited ten seconds in vain"
        time.sleep(0.001)


def in_line(turns, name, order):
    """Start a thread that wants a turn, and return once it stands in line."""
    before = len(turns._waiting)

    def take():
        with turns:
            order.append(name)

    thread = threading.Thread(target=take)
    thread.start()
    wait_for(lambda: len(turns._waiting) == before + 1)
    return thread


def test_turns_are_served_in_the_order_of_arrival():
    turns, order = Turns(), []
    with turns:
        threads = [in_line(turns, name, order) for name in range(8)]
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_who_gives_a_turn_back_cannot_take_it_again_before_those_who_wait():
    turns, order = Turns(), []
    with turns:
        thread = in_line(turns, "waiting", order)
    with turns:
        order.append("again")
    thread.join()
    assert order == ["waiting", "again"]


def test_only_one_thread_has_a_turn():
    turns, inside, most = Turns(), [], []

    def work(name):
        for _ in range(50):
            with turns:
                inside.append(name)
                time.sleep(0.0001)
                most.append(len(inside))
                inside.remove(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 200
    assert set(most) == {1}


def test_an_error_gives_the_turn_back():
    turns, order = Turns(), []
    with pytest.raises(ZeroDivisionError), turns:
        1 / 0  # noqa: B018
    with turns:
        order.append("next")
    assert order == ["next"]


def test_who_is_polite_waits_until_nobody_has_had_a_turn_for_a_while():
    turns = Turns()
    assert turns.quiet(0.05, 0)  # nobody ever had one
    with turns:
        assert not turns.quiet(0.01, 0.05)
    assert not turns.quiet(60, 0)
    assert turns.quiet(0.02, 10)
