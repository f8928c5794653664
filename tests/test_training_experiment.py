"""The experiment: its grid, choosing on one half of the speakers and judging on the other, and a whole small one."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.checkpoints.weights import load_weights
from explorer.halves import Hearing, choose_and_judge, wer
from explorer.learning.student import Student
from explorer.recipe import Recipe, recipe_from
from explorer.statistics import Tally
from explorer.transcription.transcriber import Transcriber
from training import learned_curve, reproduce
from training.cells import GRIDS, SCHEDULES, STEP, cells_of, rounded
from training.network import is_frozen
from training.plot import plot
from training.table import table
from training.task_vector_file import write_task_vector

SVG = "{http://www.w3.org/2000/svg}"
DEPTHS = {"encoder.self": 4, "decoder.self": 4, "decoder.cross": 4}


@given(st.sampled_from(SCHEDULES), st.floats(0, 1), st.floats(0, 2))
def test_a_rounded_merge_is_the_merge_within_half_a_step(schedule, mixing, alpha):
    exponents = (alpha,) * 3 if schedule == "groups" else (alpha,)
    exact = Recipe("t", "sa", schedule, mixing, exponents)
    curves, seen = exact.lane_ratios(DEPTHS), rounded(exact, DEPTHS).lane_ratios(DEPTHS)
    for lane, values in curves.items():
        assert all(abs(one - other) <= STEP / 2 + 1e-4 for one, other in zip(values, seen[lane], strict=True))
        assert [other for one, other in zip(values, seen[lane], strict=True) if one in (0, 1)] == [
            one for one in values if one in (0, 1)
        ]


@pytest.mark.parametrize("grid", GRIDS)
def test_every_cell_of_the_grid_has_a_merge_and_few_merges_stand_for_many_cells(grid):
    cells, merges = cells_of("t", DEPTHS, SCHEDULES, grid)
    mixings, exponents = GRIDS[grid]
    assert len(cells) == len(mixings) * (4 * len(exponents) + 1)
    assert {cell.merge for cell in cells} == set(merges)
    assert len(merges) < 0.9 * len(cells)
    for cell in cells:
        if cell.mixing == 1 and cell.schedule != "decay":
            assert set(merges[cell.merge].lane_ratios(DEPTHS)["encoder.self"]) == {1.0}


def test_a_finer_grid_holds_the_cells_of_a_coarser_one():
    grids = [{(c.mixing, c.exponent) for c in cells_of("t", DEPTHS, ["depth"], grid)[0]} for grid in GRIDS]
    assert grids[0] < grids[1] < grids[2]


def tallies(errors: dict[str, int]) -> list[Tally]:
    return [Tally(speaker, count, 100) for speaker, count in errors.items()]


HALVES = (frozenset({"a", "b"}), frozenset({"c", "d"}))


def test_what_is_best_on_one_half_is_judged_on_the_other():
    """Two merges, each lucky on two speakers: chosen where lucky, judged where not."""
    hearing = Hearing(
        {
            "m1": tallies({"a": 20, "b": 20, "c": 20, "d": 20}),
            "lucky on a and b": tallies({"a": 10, "b": 10, "c": 30, "d": 30}),
            "lucky on c and d": tallies({"a": 30, "b": 30, "c": 10, "d": 10}),
        },
        HALVES,
    )
    (judged,) = choose_and_judge([hearing], list(hearing.tallies))
    first, second = judged.ways
    assert (first.chosen, second.chosen) == ("lucky on a and b", "lucky on c and d")
    assert (first.chosen_wer, first.wer) == (0.1, 0.3)
    assert first.verdict.difference == pytest.approx(0.1)
    assert judged.wer == pytest.approx(0.3)
    assert judged.verdict.difference == pytest.approx(0.1)
    assert judged.verdict.speakers == 4


def test_what_helps_everybody_is_found_and_stands():
    hearing = Hearing(
        {
            "m1": tallies({"a": 20, "b": 25, "c": 20, "d": 25}),
            "good": tallies({"a": 15, "b": 19, "c": 14, "d": 18}),
        },
        HALVES,
    )
    (judged,) = choose_and_judge([hearing], ["m1", "good"])
    assert [way.chosen for way in judged.ways] == ["good", "good"]
    assert judged.verdict.difference == pytest.approx(-24 / 400)
    assert judged.verdict.interval.high < 0


def test_of_equals_the_first_is_chosen_so_that_m1_need_not_be_merged_for_nothing():
    hearing = Hearing({"m1": tallies({"a": 1, "c": 1}), "same": tallies({"a": 1, "c": 1})}, HALVES)
    (judged,) = choose_and_judge([hearing], ["m1", "same"])
    assert [way.chosen for way in judged.ways] == ["m1", "m1"]


def test_two_corpora_choose_together_and_are_judged_apart():
    child = Hearing({"m1": tallies({"a": 10, "c": 10}), "x": tallies({"a": 12, "c": 12})}, HALVES)
    adult = Hearing({"m1": tallies({"a": 30, "c": 30}), "x": tallies({"a": 20, "c": 20})}, HALVES)
    judged = choose_and_judge([child, adult], ["m1", "x"])
    assert [[way.chosen for way in each.ways] for each in judged] == [["x", "x"]] * 2
    assert [round(each.verdict.difference, 3) for each in judged] == [0.02, -0.1]
    assert wer(child.of("x", 1)) == 0.12


@pytest.fixture
def setting(tiny_whisper_folders, tmp_path) -> list[str]:
    """Options of an experiment on noise: four speakers in each corpus, random task vectors."""
    generator = np.random.default_rng(0)
    for corpus in ("dev-child", "dev-adult"):
        folder = tmp_path / "speech" / corpus
        folder.mkdir(parents=True)
        rows = []
        for number in range(8):
            soundfile.write(folder / f"{number}.wav", generator.normal(0, 0.2, 6_000), 16_000)
            rows.append({"file_name": f"{number}.wav", "text": "a b c", "speaker": f"s{number % 4}"})
        (folder / "metadata.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    base = load_weights(tiny_whisper_folders.base)
    torch.manual_seed(0)
    for name in ("child", "adult", "half-a", "half-b", "half-a-specaugment", "half-a-pitch", "half-a-speed"):
        vector = {key: 0.3 * torch.randn(value.shape) for key, value in base.items() if not is_frozen(key)}
        write_task_vector(tmp_path / "vectors" / f"{name}.safetensors", vector, {"seed": "0"})
    places = {"speech": "speech", "vectors": "vectors", "out": "results"}
    options = [part for key, value in places.items() for part in (f"--{key}", str(tmp_path / value))]
    return [
        *options,
        "--base",
        str(tiny_whisper_folders.base),
        "--schedules",
        "depth,constant",
        "--grid",
        "quick",
        "--device",
        "cpu",
    ]


def test_a_whole_experiment_writes_its_document_and_table_and_hears_nothing_twice(setting, tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))
    assert reproduce.main(setting) == 0
    written = (tmp_path / "results" / "experiment.json").read_text(encoding="utf-8")
    document = json.loads(written)
    assert list(document["merge"]) == ["hour"]
    absent = ["half an hour", "quarter of an hour", "windows, quarter of an hour"]
    assert document["left out, for want of a vector"] == absent
    transfer = document["transfer"]["other half"]
    assert list(transfer["chosen"]) == [
        "half-a, whole",
        *(f"half-a-{how}, whole" for how in ("specaugment", "pitch", "speed")),
        *(f"half-a-{how}, augmentation alone" for how in ("specaugment", "pitch", "speed")),
    ]
    assert len(transfer["cells"]) == 7 * 3
    result = document["merge"]["hour"]
    assert set(result["models"]) == {"dev-child", "dev-adult"}
    by_cell = {(row["schedule"], row["lambda"], row["alpha"]): row["dev-child wer"] for row in result["cells"]}
    assert by_cell["depth", 1.0, 0.8] == result["models"]["dev-child"]["m1"]["wer"]
    assert set(result["chosen"]) == {"lowest dev-child WER", "lowest mean WER"}
    assert len(document["windows"]["windows, hour"]) == 7
    lines = (tmp_path / "results" / "experiment.md").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("| hour |") for line in lines) == 2
    assert all(line.count("|") > 3 for line in lines if line)
    picture = ElementTree.parse(tmp_path / "results" / "experiment.svg").getroot()
    places = {(row["dev-child wer"], row["dev-adult wer"]) for row in result["cells"]}
    dots = [each for each in picture.iter(f"{SVG}circle") if each.get("fill-opacity") != "1"]
    assert len(dots) == len(places)
    assert all(0 < float(each.get("cx")) < 760 and 0 < float(each.get("cy")) < 440 for each in dots)
    # More errors with children stand further right, more with adults higher up.
    by_child = sorted(zip(sorted(places), dots, strict=True), key=lambda pair: pair[0][0])
    assert [float(dot.get("cx")) for _, dot in by_child] == sorted(float(dot.get("cx")) for dot in dots)

    def decode(*_, **__):
        raise AssertionError("decoded again")

    monkeypatch.setattr(Transcriber, "transcribe", decode)
    assert reproduce.main(setting) == 0
    assert (tmp_path / "results" / "experiment.json").read_text(encoding="utf-8") == written


def test_learned_curves_are_judged_by_the_other_half_and_a_second_run_hears_nothing(setting, tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))
    options = [each for each in setting if each not in ("--schedules", "depth,constant")]
    options += ["--steps", "3", "--ways", ",".join(learned_curve.WAYS)]
    assert learned_curve.main(options) == 0
    written = (tmp_path / "results" / "learned-curve.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in written
    result = json.loads(written)["pairings"]["hour"]
    assert list(result["learned"]) == list(learned_curve.WAYS)
    for judged in result["learned"].values():
        assert judged["clips"] == result["m1"]["clips"] == 8  # everybody is judged, and once
        errors = [way["against m1"]["difference"] for way in judged["ways round"]]
        assert judged["against m1"]["difference"] == pytest.approx(sum(errors) / 2, abs=0.02)  # halves of equal length
        for way in judged["ways round"]:
            recipe_from(way["recipe"])
            assert way["held-out loss"][1] <= way["held-out loss"][0]
    table = (tmp_path / "results" / "learned-curve.md").read_text(encoding="utf-8").splitlines()
    assert len(table) == 2 + 2 + len(learned_curve.WAYS)
    assert len({line.count("|") for line in table}) == 1

    def work(*_, **__):
        raise AssertionError("worked again")

    monkeypatch.setattr(Transcriber, "transcribe", work)
    monkeypatch.setattr(Student, "step", work)
    assert learned_curve.main(options) == 0
    assert (tmp_path / "results" / "learned-curve.json").read_text(encoding="utf-8") == written


def test_no_path_of_this_machine_gets_into_the_document(setting, tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))
    assert reproduce.main([*setting, "--parts", "windows", "--limit", "3"]) == 0
    assert str(tmp_path) not in (tmp_path / "results" / "experiment.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "set SA_MERGE_SPEECH"),
        (["--parts", "merge,all"], "--parts: expected some of merge, windows, transfer"),
        (["--schedules", ""], "--schedules: expected some of depth"),
    ],
)
def test_a_mistake_is_one_line(arguments, says, monkeypatch, capsys):
    monkeypatch.delenv("SA_MERGE_SPEECH", raising=False)
    assert reproduce.main(arguments) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "set SA_MERGE_SPEECH"),
        (["--ways", "layer"], "--ways: expected some of lane"),
        (["--speech", "SPEECH", "--vectors", "nowhere"], "holds no pair of task vectors"),
        (["--speech", "SPEECH", "--steps", "0"], "steps: expected 1 to"),
    ],
)
def test_a_mistake_in_learning_is_one_line(arguments, says, setting, monkeypatch, capsys):
    monkeypatch.delenv("SA_MERGE_SPEECH", raising=False)
    assert learned_curve.main([setting[1] if each == "SPEECH" else each for each in arguments]) == 2
    assert says in capsys.readouterr().err


def test_a_table_of_nothing_is_empty():
    assert table({}) == "\n"


def test_the_picture_shows_every_merge_once_and_a_shared_m2_once():
    def result(m1, cells):
        models = {
            corpus: {"m1": {"wer": m1 + 5 * number}, "m2": {"wer": 33.0 - 14 * number}}
            for number, corpus in enumerate(("dev-child", "dev-adult"))
        }
        return {"models": models, "cells": [{"dev-child wer": x, "dev-adult wer": y} for x, y in cells]}

    drawn = ElementTree.fromstring(
        plot({"hour": result(21.0, [(21.5, 24.0), (21.5, 24.0), (22.0, 23.5)]), "half": result(24.0, [(24.5, 25.0)])})
    )
    kinds = [node.tag.rpartition("}")[2] for node in drawn]
    assert kinds.count("polygon") == 1
    assert kinds.count("circle") == 3 + 2 + 2  # merges, M1s, the legend's
    words = [node.text for node in drawn if node.tag.endswith("text")]
    assert words.count("M2") == 1
    assert {"M1 and merges: hour", "M1 and merges: half"} <= set(words)
