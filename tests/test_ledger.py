"""What the merge did to every word."""

from hypothesis import given
from hypothesis import strategies as st

from explorer.ledger import FATES, added_words_gone, tally, word_fates
from explorer.scoring import align

text = st.lists(st.sampled_from("abc"), max_size=6).map(" ".join)


def fates(reference, first, merge, second):
    return [each.fate for each in word_fates(*(align(reference, heard) for heard in (first, merge, second)))]


def test_each_fate_has_its_case():
    assert fates("a", "a", "a", "x") == ["kept"]
    assert fates("a", "x", "a", "a") == ["borrowed"]
    assert fates("a", "x", "a", "y") == ["fixed"]
    assert fates("a", "a", "x", "x") == ["broken"]
    assert fates("a", "x", "x", "a") == ["same error"]
    assert fates("a", "x", "y", "y") == ["new error"]


def test_a_missed_word_is_an_error_like_any():
    assert fates("a b", "a", "a", "a b") == ["kept", "same error"]
    assert fates("a b", "a b", "a", "a b") == ["kept", "broken"]


def test_an_added_word_is_new_only_if_m1_does_not_add_it_as_often():
    assert fates("a", "a x", "a x x", "a") == ["kept", "same error", "new error"]


@given(text, text, text, text)
def test_every_reference_word_has_one_fate_and_errors_agree_with_the_score(reference, first, merge, second):
    found = word_fates(*(align(reference, heard) for heard in (first, merge, second)))
    counts = align(reference, merge).counts
    assert [each.reference for each in found if each.reference] == reference.split()
    wrong = sum(each.fate in ("broken", "same error", "new error") for each in found)
    assert wrong == counts.errors
    assert sum(tally(found).values()) == len(found)
    assert set(tally(found)) == set(FATES)


def gone(reference, first, merge):
    return added_words_gone(align(reference, first), align(reference, merge))


def test_an_added_word_that_the_merge_leaves_out_is_counted_though_it_has_no_fate():
    assert fates("a", "a x y", "a", "a") == ["kept"]
    assert gone("a", "a x y", "a") == 2
    assert gone("a", "a x x", "a x") == 1
    assert gone("a", "x a", "a x") == 0  # still said, elsewhere
    assert gone("a", "a", "a x") == 0
    assert gone("a b", "a", "a") == 0  # a missed word is no added one


@given(text, text, text, text)
def test_fates_and_added_words_gone_account_for_every_error(reference, first, merge, second):
    found = word_fates(*(align(reference, heard) for heard in (first, merge, second)))
    counts = tally(found)
    added = sum(each.fate == "new error" and not each.reference for each in found)
    better = counts["fixed"] + counts["borrowed"] + gone(reference, first, merge) - counts["broken"] - added
    assert align(reference, first).counts.errors - align(reference, merge).counts.errors == better


@given(text, text, text)
def test_a_merge_that_is_m1_neither_fixes_nor_breaks(reference, first, second):
    assert set(fates(reference, first, first, second)) <= {"kept", "same error"}
    assert gone(reference, first, first) == 0
