"""What all long work for visitors shares: whose press counts, what is told of an error, a thread that is waited for."""

import threading
from types import SimpleNamespace

import pytest

from explorer.errors import RecipeError
from explorer.ui import aside
from explorer.ui.aside import Aside
from explorer.ui.long_work import LongWork, fault
from explorer.ui.text.common import BROKE

VISITOR, OTHER = SimpleNamespace(session_hash="v"), SimpleNamespace(session_hash="w")


def pressed(work, stamp, visitor=VISITOR):
    return work._press({"stamp": stamp}, visitor)


def test_a_newer_press_ends_the_older_one_of_the_same_visitor_in_silence():
    work = LongWork(None)
    first, other = pressed(work, 1), pressed(work, 1, OTHER)
    assert not first.past()
    work.announce({"stamp": 2}, VISITOR)
    assert first.past()
    assert first.overtaken()
    assert not pressed(work, 2).past()
    assert not other.past()


@pytest.mark.parametrize(
    "cancel",
    [
        lambda work: work.cancel({"stamp": 1}, VISITOR),
        lambda work: work.announce({"stamp": 1, "action": "cancel"}, VISITOR),
    ],
)
def test_who_cancels_is_told_and_the_next_press_is_served(cancel):
    work = LongWork(None)
    press = pressed(work, 1)
    cancel(work)
    assert press.past()
    assert not press.overtaken()
    assert not pressed(work, 2).past()


def test_who_has_left_is_told_nothing():
    work = LongWork(None)
    press = pressed(work, 1)
    work.leave(VISITOR)
    assert press.past()
    assert press.overtaken()


def test_an_error_of_ours_is_its_own_sentence_and_any_other_is_in_the_log(caplog):
    assert fault(RecipeError("λ: expected 0 to 1.")) == "λ: expected 0 to 1."
    assert caplog.records == []
    assert fault(ZeroDivisionError("secret path")) == BROKE
    assert fault(KeyError("x"), "It could not be measured.") == "It could not be measured."
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError, KeyError]


def test_what_is_done_aside_is_waited_for_and_gives_what_it_gave(monkeypatch):
    monkeypatch.setattr(aside, "WAIT_SECONDS", 0.001)
    go = threading.Event()
    slow = Aside(lambda: go.wait(30))
    for _, _ in zip(range(3), slow.looks(), strict=False):
        assert not slow.done
    go.set()
    assert slow.result() is True
    assert slow.done
    assert list(slow.looks()) == []


def test_what_is_raised_aside_is_raised_where_it_is_waited_for():
    broken = Aside(lambda: 1 / 0)
    list(broken.looks())
    assert not broken.done
    with pytest.raises(ZeroDivisionError):
        broken.result()
