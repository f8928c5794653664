"""A closer look at an evaluation: rows, confusions, groups, and the charts and documents made of them."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from material import evaluated, run_of, spoken

from explorer.charts.errors import error_chart
from explorer.charts.groups import group_chart
from explorer.charts.scatter import scatter_chart
from explorer.charts.trade_off import TradeOffPoint, trade_off_chart
from explorer.details import confusions, grouped, groupings, utterance_rows
from explorer.errors import ConfigError
from explorer.ledger import FATE_LETTERS
from explorer.report import csv_text, evaluation_document
from explorer.report_file import report_kind, report_text, write_report
from explorer.scoring import align, decoded, encoded
from explorer.summary import closer_look, summary

UTTERANCES = [
    spoken(0, "the cat sat", age=6.0, gender="f", duration=1.5, extra={"grade": 1, "bin": "a"}),
    spoken(1, "um a big dog", age=6.0, gender="m", duration=2.5, extra={"grade": "K"}),
    spoken(2, "three red fish", age=9.5, gender="f", duration=31.0, extra={"grade": 1}),
    spoken(3, "one word", duration=None),
]
HEARD = {
    "m1": ["the cat sad", "um a big dog", "three fish", "one word"],
    "m2": ["the cat sat", "a pig dog", "free red fish", "won word"],
    "merge": ["the cat sat", "um a big frog", "three red dish", "one word two"],
    "pin-1": ["the cat sad", "um a big dog", "three red fish", "one word"],
}


@pytest.fixture
def evaluation():
    return evaluated(UTTERANCES, HEARD)


def test_every_letter_is_one_fate():
    assert len(set(FATE_LETTERS.values())) == len(FATE_LETTERS)


def test_an_encoded_alignment_says_all_that_the_alignment_says():
    assert encoded(align("a b c", "a x d c")) == ["=a", "~b\tx", "+d", "=c"]
    assert encoded(align("a b", "a")) == ["=a", "-b"]
    for reference, hypothesis in (("a b c", "a x d c"), ("a b", "a"), ("", "a"), ("", "")):
        assert decoded(encoded(align(reference, hypothesis))) == align(reference, hypothesis)


def test_a_row_has_what_is_known_and_what_each_model_heard(evaluation):
    first = utterance_rows(evaluation)[0]
    assert (first["id"], first["speaker"], first["age"], first["extra"]) == ("u0", "s0", 6, {"grade": 1, "bin": "a"})
    assert first["models"]["m1"] == {
        "text": "the cat sad",
        "words": ["=the", "=cat", "~sat\tsad"],
        "counts": [1, 0, 0, 3],
    }
    assert first["models"]["merge"]["fates"] == "kkb"
    assert first["models"]["pin-1"]["fates"] == "kks"


def test_fates_of_a_row_add_up_to_the_ledger(evaluation):
    rows = utterance_rows(evaluation)
    for merge in ("merge", "pin-1"):
        letters = "".join(row["models"][merge]["fates"] for row in rows)
        assert {fate: letters.count(letter) for fate, letter in FATE_LETTERS.items()} == evaluation.ledger(merge)
    assert evaluation.ledger("merge") == {
        "kept": 8, "fixed": 0, "borrowed": 2, "broken": 2, "same error": 0, "new error": 1,
    }  # fmt: skip
    assert evaluation.ledger("m1") is None


def test_added_words_that_are_gone_stand_beside_the_ledger():
    heard = HEARD | {"m1": ["the the cat sad", "um a big dog now", "three fish", "one word"]}
    evaluation = evaluated(UTTERANCES, heard)
    assert evaluation.added_words_gone("merge") == 2
    assert evaluation.added_words_gone("m1") is None
    assert summary(evaluation, "kids", TITLES, "greedy")["gone"] == {"merge": 2, "pin-1": 2}
    models = evaluation_document(run_of(evaluation))["models"]
    assert models["merge"]["added_words_gone"] == 2
    assert models["m2"]["added_words_gone"] is None


def test_without_m2_no_word_has_a_fate():
    rows = utterance_rows(evaluated(UTTERANCES, {"m1": HEARD["m1"], "merge": HEARD["merge"]}))
    assert all("fates" not in row["models"]["merge"] for row in rows)


def test_confusions_are_counted_by_model_and_lead_to_their_clips(evaluation):
    pairs = {(pair.reference, pair.hypothesis): pair for pair in confusions(evaluation)}
    assert pairs["sat", "sad"].counts == {"m1": 1, "m2": 0, "merge": 0, "pin-1": 1}
    assert pairs["sat", "sad"].utterances == (0,)
    assert pairs["red", ""].utterances == (2,)
    assert pairs["", "two"].counts["merge"] == 1
    totals = [sum(pair.counts.values()) for pair in confusions(evaluation)]
    assert totals == sorted(totals, reverse=True)
    assert len(confusions(evaluation, limit=2)) == 2


def test_only_what_tells_utterances_apart_is_offered_for_grouping(evaluation):
    # Only one utterance states a bin: that tells it apart from those that do not.
    assert list(groupings(evaluation.results[0].heard)) == [
        "age", "duration", "words", "fillers", "gender", "speaker", "bin", "grade",
    ]  # fmt: skip
    alike = evaluated([spoken(0, "a"), spoken(1, "b")], {"m1": ["a", "b"]})
    assert list(groupings(alike.results[0].heard)) == []


def test_groups_pool_counts_in_order_with_the_unknown_last(evaluation):
    groups = grouped(evaluation, "age")
    assert [(group.label, group.utterances) for group in groups] == [("6", (0, 1)), ("9.5", (2,)), ("unknown", (3,))]
    assert groups[0].counts["m1"].errors == 1
    assert groups[0].counts["m1"].words == 7
    assert [group.label for group in grouped(evaluation, "duration")] == [
        "up to 2 s", "2 to 4 s", "over 30 s", "unknown",
    ]  # fmt: skip
    assert [group.label for group in grouped(evaluation, "grade")] == ["1", "K", "unknown"]
    assert [group.label for group in grouped(evaluation, "fillers")] == ["with um, uh …", "without fillers"]
    assert grouped(evaluation, "shoe") == []


@pytest.mark.parametrize("by", ["age", "duration", "words", "fillers", "gender", "speaker", "grade"])
def test_every_utterance_is_in_one_group_and_the_errors_add_up(evaluation, by):
    groups = grouped(evaluation, by)
    assert sorted(index for group in groups for index in group.utterances) == [0, 1, 2, 3]
    for result in evaluation.results:
        assert sum(group.counts[result.model].errors for group in groups) == result.counts.errors


TITLES = {name: name.upper() for name in HEARD}


def test_bars_are_errors_per_hundred_words_and_absent_without_words(evaluation):
    figure = error_chart(evaluation.results[:1], TITLES)
    m1 = evaluation.results[0].counts
    assert [trace.x[0] for trace in figure.data] == pytest.approx(
        [100 * count / m1.words for count in (m1.substitutions, m1.deletions, m1.insertions, m1.errors)]
    )
    assert error_chart(evaluated([spoken(0, "")], {"m1": ["a"]}).results, TITLES) is None


@pytest.mark.parametrize("unit", ["utterance", "speaker"])
def test_every_utterance_is_behind_one_point_on_the_right_side(evaluation, unit):
    m1, _, merge, _ = evaluation.results
    figure = scatter_chart(m1, merge, TITLES, unit)
    behind = []
    for trace, below in zip(figure.data[1:], (True, None, False), strict=True):
        for x, y, (indices,) in zip(trace.x, trace.y, trace.customdata or [], strict=True):
            behind += indices
            errors = [sum(result.heard[index].counts.errors for index in indices) for result in (m1, merge)]
            words = sum(m1.heard[index].counts.words for index in indices)
            assert (x, y) == pytest.approx((100 * errors[0] / words, 100 * errors[1] / words), abs=1e-3)
            assert below is None or (y < x) == below
    assert sorted(behind) == [0, 1, 2, 3]


def test_utterances_at_one_place_share_a_point_that_is_larger():
    clips = [spoken(index, "a b", extra={"title": f"Clip {index}"}) for index in range(5)]
    same = evaluated(clips, {"m1": ["a"] * 5, "merge": ["a b"] * 4 + ["a"]})
    figure = scatter_chart(*same.results, TITLES)
    better, alike, _ = figure.data[1:]
    assert list(better.customdata[0][0]) == [0, 1, 2, 3]
    assert better.marker.size[0] > alike.marker.size[0]
    assert better.name == "MERGE better (4)"
    assert (*better.text, *alike.text) == ("4 utterances", "Clip 4")


def test_a_bar_of_a_group_leads_to_its_utterances(evaluation):
    figure = group_chart(grouped(evaluation, "gender"), TITLES, "gender")
    assert [list(entry[0]) for entry in figure.data[0].customdata] == [[0, 2], [1], [3]]
    assert [trace.name for trace in figure.data] == list(TITLES.values())
    assert group_chart([], TITLES, "gender") is None


def test_the_trade_off_joins_the_merges_and_names_their_recipes():
    def point(number, current, rates):
        return TradeOffPoint("merge", "merge", rates, (None, None), number, current)

    parents = TradeOffPoint("m1", "M1", (0.2, 0.4), (None, None))
    figure = trade_off_chart([point(0, False, (0.3, 0.3)), parents, point(1, True, (0.25, 0.28))], ("kids", "adults"))
    assert list(figure.data[0].x) == [30, 25]
    marks = {trace.customdata[0][0]["merge"]: trace for trace in figure.data[1:]}
    assert set(marks) == {None, 0, 1}
    assert not marks[0].showlegend
    assert trade_off_chart([], ("kids", "adults")) is None


def test_every_figure_survives_json(evaluation):
    m1, _, merge, _ = evaluation.results
    for figure in (
        error_chart(evaluation.results, TITLES),
        scatter_chart(m1, merge, TITLES),
        group_chart(grouped(evaluation, "age"), TITLES, "age"),
    ):
        assert json.loads(figure.to_json())["data"]


def test_the_summary_judges_every_merge_against_both_parents(evaluation):
    drawn = summary(evaluation, "kids", TITLES, "greedy")
    assert not drawn["running"]
    assert [sentence.split(":")[0] for sentence in drawn["verdicts"]] == [
        "MERGE against M1", "MERGE against M2", "PIN-1 against M1", "PIN-1 against M2",
    ]  # fmt: skip
    assert set(drawn["ledgers"]) == {"merge", "pin-1"}
    json.dumps(drawn)
    json.dumps(closer_look(evaluation, TITLES))


def test_the_csv_has_a_row_for_each_utterance_of_each_run(evaluation):
    rows = list(csv.DictReader(io.StringIO(csv_text([run_of(evaluation, "kids"), run_of(evaluation, "adults")]))))
    assert [row["corpus"] for row in rows] == ["kids"] * 4 + ["adults"] * 4
    assert rows[0]["reference"] == "the cat sat"
    assert rows[0]["grade"] == "1"
    assert rows[3]["age"] == ""
    assert rows[0]["m1 hypothesis"] == "the cat sad"
    for result in evaluation.results:
        assert sum(int(row[f"{result.model} substitutions"]) for row in rows[:4]) == result.counts.substitutions


def test_the_json_report_adds_every_utterance_to_the_document(evaluation):
    run = run_of(evaluation)
    document = json.loads(report_text([run], "json"))
    assert [row["id"] for row in document["heard"]] == ["u0", "u1", "u2", "u3"]
    assert document["models"]["merge"]["ledger"]["borrowed"] == 2
    assert {key: document[key] for key in evaluation_document(run)} == json.loads(json.dumps(evaluation_document(run)))
    assert len(json.loads(report_text([run, run], "json"))) == 2


def test_the_html_report_is_one_document_that_no_transcript_can_break_out_of():
    wicked = "</script><script>alert(1)</script><!--"
    evaluation = evaluated([spoken(0, wicked)], {"m1": [wicked]})
    text = report_text([run_of(evaluation, wicked)], "html")
    value = re.search(r'<script type="application/json" id="value">(.*?)</script>', text, re.DOTALL).group(1)
    assert json.loads(value)["parts"][0]["look"]["utterances"][0]["reference"] == wicked
    assert "<script>alert(1)" not in text
    assert not re.search(r'(src|href)="', text.split("<script>", 1)[0])


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_no_report_depends_on_where_or_how_fast(evaluation, kind):
    text = report_text([run_of(evaluation)], kind)
    assert ".wav" not in text
    assert report_text([run_of(replace(evaluation, seconds=7.0))], kind) == text


@pytest.mark.parametrize("name", ["r.json", "r.csv", "r.HTML"])
def test_a_report_replaces_the_one_before(evaluation, tmp_path, name):
    (tmp_path / name).write_text("old")
    write_report([run_of(evaluation)], tmp_path / name)
    assert "the cat sat" in (tmp_path / name).read_text()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("r.pdf", "expected a report that ends in .json, .csv or .html"),
        ("r", "expected a report that ends in .json, .csv or .html"),
        ("no/r.csv", "its folder does not exist"),
        (".", "is a folder; name a file"),
    ],
)
def test_a_report_that_cannot_be_written_is_told_at_once(tmp_path, name, sentence):
    with pytest.raises(ConfigError, match=sentence):
        report_kind(tmp_path / name)
