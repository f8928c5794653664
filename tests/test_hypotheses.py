"""The memory on disk: nothing decoded twice, bounded, private, and only a memory."""

import stat
import threading

import pytest

from explorer.errors import ConfigError
from explorer.hypotheses import FILE_NAME, HypothesisStore
from explorer.transcription.decoding import Decoding, Hypothesis

FIT = Decoding("fit")


@pytest.fixture
def store(tmp_path):
    store = HypothesisStore(tmp_path)
    yield store
    store.close()


def test_what_is_remembered_is_known_to_the_next_process(tmp_path):
    first = HypothesisStore(tmp_path)
    first.remember("w", {"a": Hypothesis("hello", ended=False), "b": Hypothesis("")}, FIT)
    first.close()
    second = HypothesisStore(tmp_path)
    assert second.known("w", ["a", "b", "c"], FIT) == {"a": Hypothesis("hello", ended=False), "b": Hypothesis("")}
    second.close()


@pytest.mark.parametrize("other", [Decoding("30"), Decoding("fit", 64)])
def test_other_weights_and_other_decoding_are_other_answers(store, other):
    store.remember("w", {"a": Hypothesis("hello")}, FIT)
    assert store.known("v", ["a"], FIT) == {}
    assert store.known("w", ["a"], other) == {}


def test_only_its_owner_can_read_it(store, tmp_path):
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_full_store_forgets_the_oldest(tmp_path):
    store = HypothesisStore(tmp_path, max_rows=3)
    for clip in "abcde":
        store.remember("w", {clip: Hypothesis(clip)}, FIT)
    assert store.known("w", list("abcde"), FIT).keys() == set("cde")
    assert store.count() == 3
    store.close()


def test_clearing_forgets_everything_and_says_how_much(store):
    store.remember("w", {"a": Hypothesis("x"), "b": Hypothesis("y")}, FIT)
    assert store.clear() == 2
    assert store.count() == 0


def test_a_damaged_file_is_begun_anew(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, whatever its name says" * 40)
    store = HypothesisStore(tmp_path)
    store.remember("w", {"a": Hypothesis("x")}, FIT)
    assert store.count() == 1
    store.close()


def test_a_place_that_cannot_be_written_to_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be used to remember hypotheses") as failure:
        HypothesisStore(tmp_path / "file")
    assert "\n" not in str(failure.value)


def test_many_threads_share_it(store):
    def work(name):
        for number in range(20):
            store.remember(name, {str(number): Hypothesis(name)}, FIT)

    threads = [threading.Thread(target=work, args=(name,)) for name in "pqrs"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count() == 80
