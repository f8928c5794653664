"""One alignment; the counts and the WER are views of it."""

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.scoring import AlignedWord, WordErrors, align, pooled

# Few words, so that some are right.
texts = st.lists(st.sampled_from(["a", "b", "c", "it's"]), max_size=7).map(" ".join)
corpora = st.lists(st.tuples(texts, texts), min_size=1, max_size=6)
numbers = st.integers(0, 9)
counts = st.builds(WordErrors, numbers, numbers, numbers, numbers)


def slow_distance(spoken: list[str], heard: list[str]) -> int:
    """Fewest edit operations, from the definition."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(spoken, start=1):
        above, row = row, [i]
        for j, other in enumerate(heard, start=1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (word != other)))
    return row[-1]


@given(texts, texts)
def test_an_alignment_replays_the_reference(reference, hypothesis):
    words = align(reference, hypothesis).words
    assert [word.reference for word in words if word.operation != "insert"] == reference.split()


@given(texts, texts)
def test_an_alignment_replays_the_hypothesis(reference, hypothesis):
    words = align(reference, hypothesis).words
    assert [word.hypothesis for word in words if word.operation != "delete"] == hypothesis.split()


@given(texts, texts)
def test_every_operation_is_what_its_words_say(reference, hypothesis):
    for word in align(reference, hypothesis).words:
        expected = {
            "equal": word.reference == word.hypothesis != "",
            "substitute": "" != word.reference != word.hypothesis != "",
            "delete": word.reference != "" == word.hypothesis,
            "insert": word.reference == "" != word.hypothesis,
        }
        assert expected[word.operation]


@given(texts, texts)
def test_an_alignment_has_as_few_errors_as_can_be(reference, hypothesis):
    assert align(reference, hypothesis).counts.errors == slow_distance(reference.split(), hypothesis.split())


@given(texts, texts)
def test_swapping_both_texts_keeps_the_number_of_errors(reference, hypothesis):
    assert align(reference, hypothesis).counts.errors == align(hypothesis, reference).counts.errors


@given(texts)
def test_a_text_has_no_errors_against_itself(text):
    assert align(text, text).counts == WordErrors(hits=len(text.split()))


@given(texts)
def test_against_nothing_every_word_is_an_insertion(text):
    found = align("", text)
    assert found.words == tuple(AlignedWord("insert", "", word) for word in text.split())
    assert found.counts.wer is None


@given(texts)
def test_hearing_nothing_deletes_every_word(text):
    assert align(text, "").counts == WordErrors(deletions=len(text.split()))


@given(corpora)
def test_pooled_counts_are_jiwers_on_the_corpus(corpus):
    spoken = [(reference, hypothesis) for reference, hypothesis in corpus if reference]
    if not spoken:
        return
    expected = jiwer.process_words(*map(list, zip(*spoken, strict=True)))
    found = pooled(align(reference, hypothesis).counts for reference, hypothesis in spoken)
    assert (found.hits, found.substitutions, found.deletions, found.insertions) == (
        expected.hits,
        expected.substitutions,
        expected.deletions,
        expected.insertions,
    )
    assert found.wer == pytest.approx(expected.wer)


@given(counts, counts)
def test_pooling_adds_errors_and_words(one, other):
    both = pooled([one, other])
    assert both.errors == one.errors + other.errors
    assert both.words == one.words + other.words


@given(st.lists(counts, max_size=5), st.lists(counts, max_size=5))
def test_pooling_in_parts_is_pooling_at_once(some, others):
    assert pooled([pooled(some), pooled(others)]) == pooled([*some, *others])


def test_pooling_is_no_mean_of_rates():
    short, long = align("a", "b").counts, align("a " * 9, "a " * 9).counts
    assert (short.wer, long.wer) == (1.0, 0.0)
    assert pooled([short, long]).wer == 0.1


def test_no_counts_at_all_have_no_rate():
    assert pooled([]) == WordErrors()
    assert pooled([]).wer is None


def test_the_operations_come_in_the_order_of_speech():
    picture = [
        (w.operation, w.reference, w.hypothesis) for w in align("the cat sat down", "a cat sat quite down").words
    ]
    assert picture == [
        ("substitute", "the", "a"),
        ("equal", "cat", "cat"),
        ("equal", "sat", "sat"),
        ("insert", "", "quite"),
        ("equal", "down", "down"),
    ]
