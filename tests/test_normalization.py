"""Text as it is scored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import no_progress

from explorer.checkpoints.base import base_folder
from explorer.errors import CheckpointError
from explorer.normalization import Normalizer, normalizer_of

plain = Normalizer({"colour": "color"})


def test_case_and_punctuation_do_not_count():
    assert plain("Hello,   World! -- Yes.") == "hello world yes"


def test_fillers_are_dropped():
    assert plain("um I, uh, know hmm") == "i know"


def test_contractions_are_expanded():
    assert plain("I won't, it's; we're") == "i will not it is we are"


def test_numbers_are_spelt_one_way():
    assert plain("twenty one cats") == plain("21 cats") == "21 cats"


def test_british_words_of_the_map_become_american():
    assert plain("my favourite colour") == "my favourite color"


def test_what_is_only_punctuation_has_no_words():
    assert plain(" ?! -- ") == ""


@given(st.text("abyz ,.'-19 \n\tÄé", max_size=30))
def test_words_are_separated_by_single_spaces(text):
    assert plain(text) == " ".join(plain(text).split())


def test_a_base_without_its_spelling_map_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"^normalizer\.json: .*no readable spelling map"):
        normalizer_of(tmp_path)


def test_a_broken_spelling_map_is_named(tmp_path):
    (tmp_path / "normalizer.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"^normalizer\.json: .*no readable spelling map"):
        normalizer_of(tmp_path)


@pytest.mark.parametrize("entries", ["[]", '{"a": 1}', "null"])
def test_a_spelling_map_of_another_type_is_named(tmp_path, entries):
    (tmp_path / "normalizer.json").write_text(entries)
    with pytest.raises(CheckpointError, match=r"^normalizer\.json: .*no readable spelling map"):
        normalizer_of(tmp_path)


@pytest.mark.slow
def test_the_base_models_own_map_spells_british_words_the_american_way():
    real = normalizer_of(base_folder("openai/whisper-tiny.en", "main", None, no_progress))
    assert real("They realised the grey aeroplane's colour") == "they realized the gray airplane is color"
