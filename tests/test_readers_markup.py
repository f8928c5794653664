"""Transcripts with markup → the words that were said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.corpora.markup import plain_words, spoken_words
from explorer.normalization import Normalizer

MYST = {
    "<BREATH> it lights up <LAUGH> see": "it lights up see",  # a greedy match would take the words between
    "<SIDE_SPEECH>um <NOISE>the wire": "um the wire",
    "< NO_SIGNAL> < SIDE SPEECH > yes": "yes",
    "<Side_speech> yes <indiscernible>": "yes",
    "the battery <NO_SIGNAL": "the battery",
    "SIDE_SPEECH> the battery": "the battery",
    "the noise> was loud": "the was loud",
    "the noise was loud": "the noise was loud",
    "it is (*) a bulb": "it is a bulb",
    "it is (()) a bulb": "it is a bulb",
    "it is ((maybe a)) bulb": "it is bulb",
    "it is (like this) bulb": "it is bulb",
    "((a (b) c)) bulb": "bulb",
    "it ( is": "it is",
    "+UM+ it's +hypothesis+": "UM it's hypothesis",
    "*magnitism* is *cool": "magnitism is cool",
    "UM ER UH AH HMM": "UM ER UH AH HMM",
    "wa- was ma-": "wa was ma",
    "-N'T -ERE'S": "N'T ERE'S",
    "a well-known thing": "a well-known thing",
    "a - b -- c": "a - b -- c",
    "[00:00:01] [] {noise} yes": "yes",
    "[a {b} c] yes": "yes",
    "it\u2019s \u2018cause \u201cnice\u201d": "it's 'cause \"nice\"",
    "hello\u00a0\u00a0world\u2003again\t": "hello world again",
    "15 grams, or 3.5?": "15 grams, or 3.5?",
    "caf\u00e9 \u4f60": "caf\u00e9 \u4f60",
    "<NO_SIGNAL>": "",
    "(*) <BREATH>": "",
    "... - ?": "",
    "": "",
}


@pytest.mark.parametrize("line", MYST)
def test_mysts_markup_is_taken_away_and_the_words_stay(line):
    assert plain_words(line) == MYST[line]


CMU = {
    "THE CAT SAT": ("THE CAT SAT", 0, 0),
    "[begin_noise] THE CAT [end_noise] SAT [human_noise]": ("THE CAT SAT", 0, 3),
    "THE /K AE/ CAT /S AE T/": ("THE CAT", 2, 0),
    "THE/K AE/CAT": ("THE CAT", 1, 0),
    "THE /K AE T SAT": ("THE K AE T SAT", 0, 0),  # a slash that is never closed marks nothing
    "[noise] /AH/": ("", 1, 1),
    "TH- THE\nCAT\n": ("TH THE CAT", 0, 0),
}


@pytest.mark.parametrize("line", CMU)
def test_noises_and_phones_are_taken_away_and_counted(line):
    spoken = spoken_words(line)
    assert (spoken.text, spoken.phones, spoken.noises) == CMU[line]


PIECES = (
    *("a", "it's", "be-", "-n", "3", "x.", "<BREATH>", "<NO_SIGNAL", "ECHO>", "(*)", "(())", "((a b))", "(c", "d)"),
    *("+um+", "+", "*b*", "*", "[n]", "[", "{x}", "}", "<", ">", "-", "\u00a0", "\u2019", "/K AE/", "/", "  "),
)
pieces = st.lists(st.sampled_from(PIECES), max_size=8)


@given(pieces, st.sampled_from(["", " "]))
def test_taking_markup_away_twice_changes_nothing(parts, mark):
    once = plain_words(mark.join(parts))
    assert plain_words(once) == once


@given(pieces, st.sampled_from(["", " "]))
def test_no_markup_is_left(parts, mark):
    text = plain_words(mark.join(parts))
    assert not set("<>()[]{}+*\u00a0\u2019") & set(text)
    assert text == " ".join(text.split())


@given(st.text(max_size=40))
def test_any_text_at_all_becomes_words_or_nothing(text):
    assert plain_words(plain_words(text)) == plain_words(text)
    assert spoken_words(text).text == plain_words(spoken_words(text).text)


words = st.sampled_from(["the", "battery", "IT'S", "fifteen", "um", "wa-", "colour", "3", "well-known", "can't", "mm"])
marks = st.sampled_from(
    ["<BREATH>", "<SIDE_SPEECH>", "<NO SIGNAL>", "(*)", "(())", "((a guess))", "(guess)", "[x y]", "+the+", "*bulb*"]
)


@given(st.lists(st.one_of(words, marks), max_size=10))
def test_a_line_is_scored_as_the_authors_score_it(parts):
    """They hand the raw line to Whisper's normaliser; quotes and braces, which differ, are listed in ``markup``."""
    line, normalizer = " ".join(parts), Normalizer({"colour": "color"})
    assert normalizer(plain_words(line)) == normalizer(line)
