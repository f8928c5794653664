"""How many of torch's threads work, and how they wait."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from explorer.threads import at_once, one_thread, side_by_side, use_threads

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def three():
    use_threads(3)
    yield
    use_threads(1)  # the next test says what it needs


def test_inside_there_is_one_and_afterwards_all_are_back():
    with one_thread():
        assert torch.get_num_threads() == 1
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_where_it_is_not_wanted_nothing_changes():
    with one_thread(wanted=False):
        assert torch.get_num_threads() == 3


def test_a_mistake_inside_gives_the_threads_back():
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == 3


def test_a_thread_that_began_while_another_had_one_is_not_left_with_one():
    with ThreadPoolExecutor(1) as other:
        with one_thread():
            assert other.submit(torch.get_num_threads).result() == 1  # torch's way: the number that was set last

        def merge_and_look() -> int:
            with one_thread():
                pass
            return torch.get_num_threads()

        assert other.submit(merge_and_look).result() == 3


def never():
    raise AssertionError


def test_pieces_of_work_have_a_share_of_the_threads_each_and_afterwards_all_are_back():
    both = threading.Barrier(2, timeout=60)

    def look(item: str) -> tuple[str, int, int]:
        both.wait()  # they run at the same time
        share = torch.get_num_threads()
        with one_thread():
            assert torch.get_num_threads() == 1
        return item, share, torch.get_num_threads()

    use_threads(5)
    assert side_by_side(look, ["a", "b"], never) == [("a", 3, 3), ("b", 2, 2)]
    assert torch.get_num_threads() == 5


def test_one_piece_is_done_here_with_all_threads():
    assert side_by_side(lambda _: (threading.get_ident(), torch.get_num_threads()), [1], never) == [
        (threading.get_ident(), 3)
    ]


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_one_that_fails_ends_the_others_and_is_the_one_that_is_told(failing):
    stopped, ended = threading.Event(), []

    def work(item: int) -> None:
        if item == failing:
            raise KeyError(item)
        assert stopped.wait(60)
        ended.append(item)
        raise IndexError

    with pytest.raises(KeyError, match=str(failing)):
        side_by_side(work, [0, 1, 2], stopped.set)
    assert len(ended) == 2
    assert torch.get_num_threads() == 3


def test_no_more_pieces_at_once_than_threads_and_none_inside_a_block_of_one():
    assert at_once() == 3
    with one_thread():
        assert at_once() == 1
    use_threads(64)
    assert at_once() == 4


@pytest.mark.parametrize("module", ["explorer", "training", "app", "explorer.__main__"])
@pytest.mark.parametrize(("said", "wanted"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_sleep_while_they_wait_unless_the_user_says_otherwise(module, said, wanted):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {} if said is None else {"OMP_WAIT_POLICY": said}
    code = f"import {module}, os; print(os.environ['OMP_WAIT_POLICY'])"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert told.stdout.decode().split() == [wanted]


@pytest.mark.parametrize("module", ["explorer", "training"])
def test_the_package_says_so_before_torch_is_there(module):
    code = f"import {module}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
