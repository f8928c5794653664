"""The Anatomy tab's figures and sentences, against anatomies made by hand."""

import copy

import pytest

from explorer.attention import PARTS
from explorer.charts.anatomy import DIVERGING, cosines_chart, energy_chart, heads_chart, measure_chart
from explorer.measures import DEFAULT_MEASURE, MEASURES, head_rows, matrix_words, part_name, place_label
from explorer.reading import cells, cosines_reading, energy_reading, head_cells, heads_reading, measure_reading


def matrix(stack, layer, kind, projection, conflicts=0.4, cosine=0.2, **more):
    row = {"stack": stack, "layer": layer, "kind": kind, "projection": projection, "rows": 8, "columns": 8}
    row |= {"norm_1": 0.5, "norm_2": 0.25, "norm_base": 10.0, "relative_1": 0.05, "relative_2": 0.025}
    row |= {"conflicts": conflicts, "cosine": cosine, "rank_1": 4.0, "rank_2": 2.0}
    if kind != "feed-forward":
        row |= {"heads_1": [0.3, 0.4], "heads_2": [0.15, 0.2]}
    return row | more


@pytest.fixture
def document():
    """Two encoder layers and one decoder layer; the decoder's value matrix of cross-attention stands out."""
    matrices = [
        matrix("encoder", 0, "self", "q", relative_1=0.02),
        matrix("encoder", 0, "self", "v"),
        matrix("encoder", 0, "feed-forward", "fc1", relative_1=0.09),
        matrix("encoder", 1, "self", "q", conflicts=0.31, cosine=0.6),
        matrix("decoder", 0, "cross", "v", conflicts=0.482, cosine=-0.03, heads_1=[3.0, 0.1], rank_1=0.5),
    ]
    kinds = [
        {"stack": "decoder", "kind": "cross", "conflicts": 0.46, "relative_1": 0.05, "norm_1": 0.5},
        {"stack": "encoder", "kind": "self", "conflicts": 0.38, "relative_1": 0.01, "norm_1": 0.2},
    ]
    energy = dict.fromkeys(PARTS, 0.0)
    return {
        "vectors": ["m1", "m2", "speed"],
        "cosines": [[1.0, 0.05, 0.7], [0.05, 1.0, -0.4], [0.7, -0.4, 1.0]],
        "energy": {
            "m1": energy | {"encoder.self": 0.25, "feed-forward": 0.75},
            "m2": energy | {"decoder.cross": 0.2, "output": 0.2, "feed-forward": 0.6},
            "speed": energy,
        },
        "kinds": kinds,
        "matrices": matrices,
    }


def said(sentences):
    return " ".join(sentences)


# Readings


def test_the_greatest_conflict_is_named_with_its_number_and_ties_where_the_threshold_is_passed(document):
    text = said(measure_reading(document, "conflicts"))
    assert "Layer 0's value matrix of cross-attention disagrees most: 48.2 % of its entries pull in opposite" in text
    assert "Layer 1's query matrix of encoder self-attention agrees best (31.0 %)" in text
    assert "From 45 % on (50 % is chance) TIES" in text
    assert "cross-attention (46 %)" in text
    assert "encoder self-attention (" not in text


def test_without_many_conflicts_nothing_is_advised(document):
    document["kinds"][0]["conflicts"] = 0.449
    text = said(measure_reading(document, "conflicts"))
    assert "No kind of layer reaches 45 %" in text
    assert "cross-attention comes nearest (44.9 %)" in text


def test_sentences_follow_the_numbers(document):
    other = copy.deepcopy(document)
    for row in other["matrices"]:
        row["conflicts"] = 1 - row["conflicts"]
    text = said(measure_reading(other, "conflicts"))
    assert "Layer 1's query matrix of encoder self-attention disagrees most: 69.0 %" in text
    assert "Layer 0's value matrix of cross-attention agrees best (51.8 %)" in text


def test_cosines_are_called_by_their_thresholds(document):
    text = said(measure_reading(document, "cosine"))
    assert "most alike (0.60: aligned)" in text
    assert "least alike (−0.03: unrelated)" in text


def test_lengths_say_what_moved_most_and_least(document):
    first, second = measure_reading(document, "relative_1")
    assert first.startswith("Child training moved layer 0's first feed-forward matrix of the encoder most (9.00 % of")
    assert "layer 0's query matrix of encoder self-attention least (2.00 %)" in first
    assert "cross-attention moved most (5.00 %), encoder self-attention least (1.00 %)" in second


def test_ranks_are_counted_below_the_threshold(document):
    text = said(measure_reading(document, "rank_1"))
    assert "Child training spread its change widest in layer 0's query matrix of encoder self-attention: 4 of 8" in text
    assert "1 of 5 matrices stay below 10 % of what is possible: they changed along few directions" in text
    document["matrices"][-1]["rank_1"] = 1.0
    assert "no change here is of low rank" in said(measure_reading(document, "rank_1"))


@pytest.mark.parametrize("name", MEASURES)
def test_the_same_everywhere_is_said_as_that(document, name):
    document["matrices"] = [matrix("encoder", layer, "self", "q") for layer in range(3)]
    (sentence,) = measure_reading(document, name)
    assert sentence.endswith("in every matrix.")


@pytest.mark.parametrize("name", MEASURES)
def test_a_fine_tune_that_changed_nothing_is_no_division_by_zero(document, name):
    for row in document["matrices"]:
        row |= dict.fromkeys(("norm_1", "norm_2", "relative_1", "relative_2", "conflicts", "cosine", "rank_1"), 0.0)
    assert measure_reading(document, name) == ["There is nothing to compare: a task vector is zero in every matrix."]
    measure_chart(document["matrices"], name)


def test_energy_is_split_into_what_is_mixed_and_what_is_not(document):
    one, two, further, left = energy_reading(document)
    assert "25 % of its energy lies in the q, k and v" in one
    assert "75 % in feed-forward" in one
    assert "20 % in the output projections" in two
    assert further == "τ · speed is zero."
    assert "the other 80 %" in left


def test_few_heads_that_hold_half_are_a_choice_for_headwise_merging(document):
    most, half = heads_reading(document, "m1")
    assert "moved head 0 in layer 0 of cross-attention most (3.000)" in most
    assert "head 1 in layer 0 of cross-attention least (0.100)" in most
    assert half.startswith("1 of 6 heads (16.7 %) hold half")
    assert half.endswith("there is a clear choice, as here.")
    document["matrices"] = [matrix("encoder", layer, "self", "q", heads_2=[1.0, 1.0]) for layer in range(3)]
    assert heads_reading(document, "m2")[1].startswith("3 of 6 heads (50 %)")
    assert heads_reading(document, "m2")[1].endswith("which is not so here.")


def test_heads_that_never_moved_are_said_to_be_zero(document):
    for row in document["matrices"]:
        row |= {"heads_1": [0.0, 0.0]} if "heads_1" in row else {}
    assert heads_reading(document, "m1") == ["τ1 · child is zero in every head."]


def test_pairs_of_vectors_come_with_the_most_aligned_first(document):
    pairs = cosines_reading(document)
    assert pairs[0] == "τ1 · child and τ · speed: aligned (cosine 0.70)."
    assert pairs[1] == "τ1 · child and τ2 · adult: unrelated (cosine 0.05)."
    assert pairs[2] == "τ2 · adult and τ · speed: opposed (cosine −0.40)."


def test_every_cell_says_what_it_is_and_names_its_part_of_a_scope(document):
    found = cells(document["matrices"])
    assert [cell["part"] for cell in found] == [
        *("encoder.self", "encoder.self", "feed-forward", "encoder.self", "decoder.cross")
    ]
    assert found[2]["lane"] is None
    keys = ("place", "layer", "lane", "part", "projection")
    assert [found[4][key] for key in keys] == ["cross v", 0, "decoder.cross", "decoder.cross", "v"]
    assert "conflict in 48.2 % of the entries" in found[4]["says"]
    assert part_name(matrix("decoder", 0, "cross", "out")) == "output"
    assert {cell["part"] for cell in found} <= set(PARTS)


def test_heads_are_pooled_over_queries_keys_and_values_and_outputs_left_out(document):
    document["matrices"].append(matrix("decoder", 0, "cross", "out", heads_1=[9.0, 9.0]))
    lanes = head_rows(document["matrices"])
    assert [(row["stack"], row["kind"], row["layer"]) for row in lanes] == [
        *(("encoder", "self", 0), ("encoder", "self", 1), ("decoder", "cross", 0))
    ]
    assert lanes[0]["heads_1"] == pytest.approx([2**0.5 * 0.3, 2**0.5 * 0.4])
    assert lanes[2]["heads_1"] == [3.0, 0.1]
    assert len(head_cells(document["matrices"])) == 6
    assert document["matrices"][0]["heads_1"] == [0.3, 0.4]


# Figures


@pytest.mark.parametrize("name", MEASURES)
def test_a_heat_map_has_every_matrix_once_with_its_number_and_what_it_stands_for(document, name):
    (heat,) = measure_chart(document["matrices"], name).data
    assert list(heat.x) == ["0", "1"]
    assert list(heat.y) == ["encoder self q", "encoder self v", "encoder fc1", "cross v"]
    for index, row in enumerate(document["matrices"]):
        at = list(heat.y).index(place_label(row))
        assert heat.z[at][row["layer"]] == pytest.approx(MEASURES[name].scaled(row[name]))
        assert heat.text[at][row["layer"]] == MEASURES[name].bare(row[name])
        assert heat.customdata[at][row["layer"]] == index
    assert heat.z[1][1] is None  # the encoder's second layer has no such matrix here


def test_diverging_colours_part_at_what_unrelated_vectors_have(document):
    (conflicts,) = measure_chart(document["matrices"], "conflicts").data
    assert (conflicts.zmin + conflicts.zmax) / 2 == pytest.approx(50)
    assert conflicts.zmin == pytest.approx(31)
    (cosine,) = measure_chart(document["matrices"], "cosine").data
    assert (cosine.zmin, cosine.zmax) == (-0.6, 0.6)
    # A conflict and a negative cosine are of one colour.
    assert conflicts.colorscale[-1][1] == cosine.colorscale[0][1] == DIVERGING[0][1]
    (length,) = measure_chart(document["matrices"], "norm_1").data
    assert length.zmin == 0


def test_numbers_leave_the_cells_where_there_are_too_many():
    few, many = ([matrix("encoder", layer, "self", "q") for layer in range(count)] for count in (12, 32))
    assert measure_chart(few, DEFAULT_MEASURE).data[0].texttemplate
    assert not measure_chart(many, DEFAULT_MEASURE).data[0].texttemplate


def test_a_cell_of_the_heads_is_the_one_that_is_told(document):
    (heat,) = heads_chart(document["matrices"], "m1").data
    told = head_cells(document["matrices"])
    for place, line, marks in zip(heat.y, heat.z, heat.customdata, strict=True):
        for head, (value, mark) in enumerate(zip(line, marks, strict=True)):
            assert told[mark]["place"] == f"{place.rsplit(' ', 1)[0]} head {head}"
            assert told[mark]["layer"] == int(place.rsplit(" ", 1)[1])
            assert f"{value:.3f}" in told[mark]["says"]
    assert heads_chart([matrix("encoder", 0, "feed-forward", "fc1")], "m1") is None


def test_bars_leave_out_parts_that_nothing_changed(document):
    bars = energy_chart(document["energy"]).data
    assert [bar.name for bar in bars] == ["τ1 · child", "τ2 · adult", "τ · speed"]
    assert list(bars[0].y) == ["encoder self q, k, v", "cross q, k, v", "output", "feed-forward"]
    assert list(bars[0].x) == [25, 0, 0, 75]
    assert len({bar.marker.pattern.shape for bar in bars}) == 3  # not by colour alone


def test_the_cosine_matrix_has_a_fixed_scale(document):
    (heat,) = cosines_chart(document["vectors"], document["cosines"]).data
    assert (heat.zmin, heat.zmax) == (-1, 1)
    assert heat.text[1][2] == "−0.40"


def test_a_matrix_is_named_in_words():
    assert matrix_words(matrix("decoder", 3, "self", "v")) == "layer 3's value matrix of decoder self-attention"
    assert matrix_words(matrix("decoder", 1, "feed-forward", "fc2")) == (
        "layer 1's second feed-forward matrix of the decoder"
    )
