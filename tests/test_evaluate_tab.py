"""The Evaluate tab without a browser: what it opens for whom, what it keeps of a visitor, what it serves."""

import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from fastapi import FastAPI
from fastapi.testclient import TestClient
from material import evaluated, run_of, sine, spoken, write_config

from explorer.config_file import read_config
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError, RecipeError
from explorer.ui.choosing import Choosing, Place
from explorer.ui.evaluating import Evaluating
from explorer.ui.opening import Opening
from explorer.ui.saved import SavedFiles
from explorer.ui.serving import routes
from explorer.ui.shelf import MAX_VISITS, Shelf
from explorer.ui.text.common import FILES_REFUSED, FOLDER_REFUSED
from explorer.ui.text.explore import VISIT_ENDED
from explorer.ui.views import TRADE_OFF, chosen_view, view_choices, view_figure
from explorer.workbench import Workbench

ROOT = Path(__file__).parents[1]
VISITOR = SimpleNamespace(session_hash="visitor")


@pytest.fixture
def folder(tmp_path):
    """A corpus of six noises of three speakers."""
    place = tmp_path / "noises"
    place.mkdir()
    rows = []
    for index in range(6):
        soundfile.write(place / f"{index}.wav", sine(200 + 60 * index, 0.6, 16_000), 16_000)
        rows.append({"file_name": f"{index}.wav", "text": f"word {index}", "speaker": str(index % 3), "age": 5 + index})
    (place / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place


def choosing(serve_folders=True, config=ROOT / "checkpoints.yaml") -> Choosing:
    return Choosing(read_config(config), serve_folders=serve_folders)


# Choosing


def test_a_count_says_what_is_left_and_what_there_is_to_filter_by(folder):
    count = choosing().count
    said = count("", "manifest", str(folder), "", "age <= 7", "", "", 2, 0)
    assert said.startswith("**3** of 6 utterances, 3 speakers")
    assert "; 2 of them are drawn" in said
    assert "fields: id, speaker, age, duration, words" in said
    assert "expected a field, a sign and a value" in count("", "manifest", str(folder), "", "age <", "", "", None, 0)
    assert "no such folder" in count("", "manifest", str(folder / "no"), "", "", "", "", None, 0)
    assert count("", "manifest", str(folder), "", "age > 90", "", "", 2, 0).startswith("**0** of 6")


def test_fields_that_were_never_shown_are_none_and_count_as_empty():
    assert Place.sent("samples", None, None, None, None, None, 3, None, None) == Place("samples")


def test_a_draw_of_a_fraction_is_refused(folder):
    with pytest.raises(RecipeError, match=r"n: expected a whole number, but got 1\.5"):
        choosing().choose(Place("", "manifest", str(folder), limit=1.5), str)


@pytest.mark.parametrize("name", ["manifest:/etc", "other"])
def test_a_server_for_others_opens_no_folders(name):
    with pytest.raises(RecipeError) as told:
        choosing(False).choose(Place(name), str)
    assert str(told.value) == FOLDER_REFUSED
    assert choosing(False).count(name, "", "", "", "", "", "", None, None) == FOLDER_REFUSED


def test_a_server_for_others_opens_what_came_with_it_and_no_files(folder):
    assert choosing(False).corpora() == ["samples", "speechocean762"]  # a free one is anybody's
    assert choosing(False).choose(Place("samples"), str).title == "samples"
    for place in (Place("samples", ids="/etc/passwd"), Place("samples", hypotheses="/etc/passwd")):
        with pytest.raises(RecipeError) as told:
            choosing(False).choose(place, str)
        assert str(told.value) == FILES_REFUSED


def test_a_corpus_of_the_configuration_that_lies_elsewhere_needs_leave_too(folder, tmp_path):
    config = tmp_path / "site" / "checkpoints.yaml"
    config.parent.mkdir()
    text = (ROOT / "checkpoints.yaml").read_text().replace("assets/", f"{ROOT}/assets/")
    config.write_text(f"{text}\n  - {{name: licensed, path: '{folder}'}}\n")
    assert "licensed" in choosing(True, config).corpora()
    assert "licensed" not in choosing(False, config).corpora()
    with pytest.raises(RecipeError):
        choosing(False, config).choose(Place("licensed"), str)


def test_evaluating_opens_a_folder_afresh(folder):
    several = choosing()
    assert "of 6 utterances" in several.count("", "manifest", str(folder), "", "", "", "", None, 0)
    with (folder / "metadata.jsonl").open("a") as lines:
        lines.write(json.dumps({"file_name": "0.wav", "text": "again", "speaker": "9", "id": "new"}) + "\n")
    assert len(several.choose(Place("", "manifest", str(folder)), str).subset.utterances) == 7
    assert "of 7 utterances" in several.count("", "manifest", str(folder), "", "", "", "", None, 0)


def test_ids_and_the_papers_filter_come_from_files(folder, tmp_path):
    (tmp_path / "ids.txt").write_text("0\n1\n2\n")
    (tmp_path / "heard.txt").write_text("0 word 0\n1 word 1\n2 something else entirely\n")
    place = Place("", "manifest", str(folder), ids=str(tmp_path / "ids.txt"))
    assert len(choosing().choose(place, str).subset.utterances) == 3
    both = Place("", "manifest", str(folder), ids=place.ids, hypotheses=str(tmp_path / "heard.txt"))
    with pytest.raises(CorpusError, match="3 have fewer than 3 words"):  # "word 0" is two words
        choosing().choose(both, str)


# The shelf


def two_runs(recipe_heard, **changes):
    kids = evaluated([spoken(0, "a b"), spoken(2, "c d")], {"m1": ["a b", "c"], "merge": recipe_heard})
    adults = evaluated([spoken(0, "e f"), spoken(2, "g h")], {"m1": ["e", "g"], "merge": ["e f", "g h"]})
    return [run_of(kids, "kids", **changes), run_of(adults, "adults", **changes)]


def test_a_visit_keeps_the_numbers_of_its_clips():
    visit = Shelf().visit("a")
    one, two = spoken(0, "a"), spoken(1, "b")
    assert [visit.number(each) for each in (one, two, one)] == [0, 1, 0]


def test_the_way_of_a_merge_is_kept_as_long_as_nothing_else_changes():
    visit = Shelf().visit("a")
    visit.put(two_runs(["a b", "c d"]), {"lambda": 0.1})
    visit.put(two_runs(["a", "c d"]), {"lambda": 0.5})
    points = visit.trade_off()
    assert [(point.model, point.number, point.current) for point in points] == [
        ("merge", 0, False),
        ("m1", None, True),
        ("merge", 1, True),
    ]
    assert points[0].rates == (0.0, 0.0)
    assert points[2].rates == (0.25, 0.0)
    assert [step.recipe for step in visit.steps] == [{"lambda": 0.1}, {"lambda": 0.5}]
    visit.put(two_runs(["a", "c d"], fingerprint="another subset"), {})
    assert [point.current for point in visit.trade_off()] == [True, True]
    visit.put(two_runs(["a", "c d"])[:1], {})
    assert visit.trade_off() == []


def test_an_address_is_long_and_ends_with_the_visit():
    shelf = Shelf()
    visit = shelf.visit("a")
    assert len(visit.address) >= 43
    assert visit.address != shelf.visit("b").address
    assert shelf.at(visit.address) is visit
    shelf.forget("a")
    assert shelf.at(visit.address) is None
    for number in range(MAX_VISITS + 1):
        shelf.visit(str(number))
    assert "b" not in shelf._visits


def test_a_clip_is_found_only_in_ones_own_visit():
    shelf = Shelf()
    mine, utterance = shelf.visit("a"), spoken(0, "a")
    shelf.visit("b")
    mine.number(utterance)
    assert shelf.clip("a", f"{mine.address}/0") == utterance
    assert shelf.clip("b", f"{mine.address}/0") is None
    for wrong in (f"{mine.address}/1", f"{mine.address}/-1", f"{mine.address}/x", "x/0", "", "None", "\ud800/0", "é/0"):
        assert shelf.clip("a", wrong) is None


# Serving


@pytest.fixture
def served():
    shelf = Shelf()
    app = FastAPI()
    app.include_router(routes(shelf, SavedFiles()))
    with TestClient(app) as client:
        yield shelf, client


def test_a_clip_is_served_as_it_is_heard_and_kept_nowhere(served, folder):
    shelf, client = served
    visit = shelf.visit("a")
    number = visit.number(Utterance("0", folder / "0.wav", "word", "s"))
    answer = client.get(f"/evaluation/{visit.address}/clip/{number}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/wav"
    assert "no-store" in answer.headers["cache-control"]
    samples, rate = soundfile.read(io.BytesIO(answer.content))
    assert rate == 16_000
    assert np.abs(samples - soundfile.read(folder / "0.wav")[0]).max() < 1e-4


def test_nothing_is_served_without_its_address(served, folder):
    shelf, client = served
    visit = shelf.visit("a")
    visit.number(Utterance("0", folder / "0.wav", "word", "s"))
    visit.put([run_of(evaluated([spoken(0, "a")], {"m1": ["a"]}))], {})
    for path in ("x/clip/0", f"{visit.address[:-1]}/clip/0", f"{visit.address}/clip/1", f"{visit.address}/report.pdf"):
        assert client.get(f"/evaluation/{path}").status_code == 404
    assert client.get(f"/evaluation/{visit.address}/report.csv").status_code == 200
    shelf.forget("a")
    for path in ("clip/0", "report.csv"):
        answer = client.get(f"/evaluation/{visit.address}/{path}")
        assert (answer.status_code, answer.text) == (404, VISIT_ENDED)


def test_a_clip_that_is_no_more_is_told_in_a_sentence(served, folder):
    shelf, client = served
    visit = shelf.visit("a")
    visit.number(Utterance("gone", folder / "gone.wav", "word", "s"))
    answer = client.get(f"/evaluation/{visit.address}/clip/0")
    assert answer.status_code == 404
    assert "gone" in answer.text


@pytest.mark.parametrize("kind", ["json", "csv", "html"])
def test_a_report_is_a_download(served, kind):
    shelf, client = served
    visit = shelf.visit("a")
    visit.put(two_runs(["a b", "c d"]), {})
    answer = client.get(f"/evaluation/{visit.address}/report.{kind}")
    assert f'filename="evaluation.{kind}"' in answer.headers["content-disposition"]
    assert "kids" in answer.text


# Views


def test_every_view_that_is_offered_is_drawn():
    visit = Shelf().visit("a")
    visit.put(two_runs(["a b", "c d"]), {})
    views = [view for _, view in view_choices(visit)]
    assert views[0] == TRADE_OFF
    assert len(views) == len(set(views))
    for view in views:
        update = view_figure(visit, view)
        assert update["visible"], view
        assert view == TRADE_OFF or update["value"].layout.meta["part"] in (0, 1)
    assert chosen_view(visit, views[2]) == views[2]
    assert chosen_view(visit, "1 group shoe") == views[0]


# A whole run, on tiny random models


@pytest.fixture
def tab(tmp_path, tiny_whisper_folders, app_cache):
    opening = Opening(read_config(write_config(tmp_path / "checkpoints.yaml", tiny_whisper_folders)))
    opening._workbench = Workbench(opening.config, "cpu")
    opening._ready.set()
    shelf = Shelf()
    return Evaluating(opening, Choosing(opening.config, serve_folders=True), shelf), shelf


def run(evaluating, folder, beside="", pins=(), stamp=1, models=("M1", "M2", "merge"), limit=None, **recipe):
    return evaluating.run(
        {"stamp": stamp},
        {"recipe": {"triple": "tiny", **recipe}},
        {"pins": list(pins)},
        None,
        list(models),
        "fit",
        "basic",
        False,
        beside,
        None,
        "manifest",
        str(folder),
        "",
        "",
        None,
        None,
        limit,
        0,
        request=VISITOR,
    )


def test_a_run_streams_its_table_and_ends_with_charts_and_every_clip(tab, folder):
    evaluating, shelf = tab
    *streamed, (value, choices, chart, closer) = list(run(evaluating, folder))
    assert [answer[0]["state"] for answer in streamed] == ["running"] * len(streamed)
    assert value["state"] == "done"
    (part,) = value["parts"]
    assert (part["corpus"], part["done"], part["speakers"]) == ("noises", 6, 3)
    assert chart["visible"]
    assert choices["value"] == "0 utterance merge"
    assert closer["visit"] == shelf.visit("visitor").address
    (look,) = closer["parts"]
    assert [row["id"] for row in look["utterances"]] == [
        heard.utterance.id for heard in shelf.visit("visitor").runs[0].evaluation.results[0].heard
    ]
    assert sorted(look["clips"]) == [0, 1, 2, 3, 4, 5]
    json.dumps(closer)


def test_two_corpora_and_a_pin_take_part_in_one_run(tab, folder, tmp_path):
    evaluating, shelf = tab
    shutil.copytree(folder, tmp_path / "others")
    pins = [
        {"name": "mine", "recipe": {"triple": "tiny", "lambda": 0.9}},
        {"name": "same", "recipe": {"triple": "tiny", "lambda": 0.4}},
    ]
    answer = list(run(evaluating, folder, f"manifest:{tmp_path / 'others'}", pins, **{"lambda": 0.4}))[-1]
    value, choices, _, closer = answer
    assert [part["corpus"] for part in value["parts"]] == ["noises", "others"]
    assert [row["title"] for row in value["parts"][0]["rows"]][2:] == ["Merge · SA", "mine"]
    assert any("Pin same: is the recipe on the panel" in problem for problem in value["parts"][0]["problems"])
    assert choices["value"] == TRADE_OFF
    assert closer["merges"] == [{"triple": "tiny", "lambda": 0.4}]
    assert {point.model for point in shelf.visit("visitor").trade_off()} == {"m1", "m2", "merge", "pin-1"}
    assert sorted(closer["parts"][0]["clips"] + closer["parts"][1]["clips"]) == list(range(12))


def test_a_mistake_in_the_second_corpus_comes_before_the_work(tab, folder):
    evaluating, _ = tab
    states = list(run(evaluating, folder, "manifest:/no/such/place"))
    assert [answer[0]["state"] for answer in states] == ["running", "error"]
    assert "no such folder" in states[-1][0]["notice"]


def test_without_a_model_there_is_nothing_to_evaluate(tab, folder):
    (answer,) = list(run(tab[0], folder, models=()))
    assert "expected at least one of M0, M1, M2 and merge" in answer[0]["notice"]


def test_a_cancelled_run_shows_what_it_has_and_a_superseded_one_is_silent(tab, folder):
    evaluating, _ = tab
    for newest, states in ((1.5, ["running", "running", "stopped"]), (2, ["running", "running"])):
        going = run(evaluating, folder, stamp=1)
        answers = [next(going), next(going)]  # opened; nothing heard yet
        evaluating._running.note("visitor", newest)
        answers += list(going)
        seen = [answer[0]["state"] for answer in answers]
        assert seen[0] == "running"
        assert (seen[-1] == "stopped") == (states[-1] == "stopped"), seen
        evaluating._running.forget("visitor")


def test_whoever_leaves_leaves_nothing(tab, folder):
    evaluating, shelf = tab
    closer = list(run(evaluating, folder))[-1][3]
    evaluating.leave(VISITOR)
    assert shelf.at(closer["visit"]) is None
    assert evaluating.look("0 errors -", VISITOR)["__type__"] == "update"
