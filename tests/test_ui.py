"""The page without a browser: its wiring, what it sends to be drawn, and what it refuses."""

import json
from pathlib import Path

import gradio as gr
import pytest

from explorer.config_file import read_config
from explorer.corpora.manifest import read_manifest
from explorer.errors import RecipeError
from explorer.methods import METHODS
from explorer.recipe import recipe_from
from explorer.scoring import WordErrors, align
from explorer.summary import counts_json
from explorer.ui.newest import Newest
from explorer.ui.opening import Opening
from explorer.ui.page import MODEL_QUEUE, build_page, page_head
from explorer.ui.recipe_panel import method_rows
from explorer.ui.render import Column, notice, transcripts
from explorer.ui.saved import SavedFiles
from explorer.ui.sent import entry, pins_of, recipe_entries, stamp_of, whole
from explorer.ui.shelf import Shelf

ROOT = Path(__file__).parents[1]
HEARD = {"m1": "a x c", "merge": "a b x", "m2": "a b c"}


@pytest.fixture(scope="module")
def page() -> gr.Blocks:
    config = read_config(ROOT / "checkpoints.yaml")
    samples = {utterance.id: utterance for utterance in read_manifest(ROOT / "assets" / "clips").utterances}
    return build_page(config, Opening(config), samples, Shelf(), SavedFiles(), None, serve_folders=False)


def test_the_four_endpoints_are_public_and_nothing_of_the_page_is(page):
    public = {event.api_name for event in page.fns.values() if event.api_visibility != "private"}
    assert public == {"transcribe", "export", "evaluate", "merge"}


def test_all_that_listens_waits_in_one_line(page):
    listening = [event for event in page.fns.values() if event.name == "transcribe"]
    assert len(listening) == 8  # one of them is the API's
    assert {(event.concurrency_id, event.concurrency_limit) for event in listening} == {(MODEL_QUEUE, 1)}


def test_the_needle_and_the_search_wait_in_lines_of_their_own(page):
    lines = {event.name: event.concurrency_id for event in page.fns.values() if event.name in ("read", "which")}
    assert lines == {"read": "needle", "which": "layers"}


def test_the_scripts_of_the_page_are_in_its_head():
    head = page_head(ROOT / "assets")
    for name in (
        "mountHeader",
        "mountRecipe",
        "mountClips",
        "mountTranscripts",
        "mountStripe",
        "mountLens",
        "mountEvaluation",
        "mountSave",
        "mixingRatios",
    ):
        assert f"page.{name} = " in head
    assert "http://" not in head.replace("http://www.w3.org/2000/svg", "")


def test_the_menu_of_methods_is_the_table_and_every_entry_starts_from_a_recipe():
    config = read_config(ROOT / "checkpoints.yaml")
    default = recipe_from(config.default)
    rows = json.loads(json.dumps(method_rows(default)))
    assert list(rows) == list(METHODS)
    assert rows["sa"]["preset"] == default.as_dict()
    for name, row in rows.items():
        recipe = recipe_from(row["preset"])
        assert (recipe.method, recipe.triple) == (name, default.triple)
        assert [each["name"] for each in row["parameters"]] == [each.name for each in METHODS[name].parameters]
        assert set(recipe.scope) <= set(row["parts"])


def test_the_newest_request_of_a_visitor_wins_and_others_do_not_matter():
    newest = Newest()
    newest.note("a", 5)
    newest.note("b", 1)
    assert not newest.is_past("a", 5)
    newest.note("a", 7)
    newest.note("a", 6)  # arrives late
    assert newest.is_past("a", 6)
    assert not newest.is_past("a", 7)
    assert not newest.is_past("b", 1)
    newest.forget("a")
    assert newest.is_past("a", 7)


def test_a_run_after_a_cancelled_one_is_not_cancelled():
    newest = Newest()
    newest.note("a", 1)
    newest.forget("a")
    newest.note("a", 2)
    assert not newest.is_past("a", 2)


def test_a_column_carries_words_and_counts_only_with_a_reference():
    bare = Column("m1", "M1", "done", "a b").as_json()
    assert bare["words"] is None
    assert bare["counts"] is None
    scored = Column("m1", "M1", "done", "a b", alignment=align("a c", "a b")).as_json()
    assert scored["words"] == ["=a", "~c\tb"]
    assert scored["counts"]["wer"] == 0.5


def test_the_merge_has_fates_once_all_three_have_been_heard():
    columns = [Column(model, model, "done", text, align("a b c", text)) for model, text in HEARD.items()]
    assert [column.get("fates") for column in transcripts(columns, "done", None)["columns"]] == [None, "kbx", None]
    assert all("fates" not in column for column in transcripts(columns[:2], "working", None)["columns"])


def test_a_rate_without_words_is_none_and_not_a_number():
    assert counts_json(WordErrors(insertions=2))["wer"] is None


def test_a_notice_leaves_the_columns_alone():
    assert notice("error", "No.")["columns"] is None
    assert transcripts([], "done", None)["columns"] == []


@pytest.mark.parametrize("panel", [None, 3, "x", [], {}, {"recipe": 4}, {"recipe": None}])
def test_a_panel_that_is_none_is_refused_in_one_sentence(panel):
    with pytest.raises(RecipeError, match="reload the page"):
        recipe_entries(panel)


def test_pins_have_names_of_their_own():
    recipe = {"lambda": 0.1}
    assert pins_of(None) == pins_of({"pins": []}) == {}
    assert pins_of({"pins": [{"name": "a", "recipe": recipe}]}) == {"a": recipe}
    with pytest.raises(RecipeError, match="pin a: two pins have this name"):
        pins_of({"pins": [{"name": "a", "recipe": recipe}] * 2})
    for pin in ({"name": "", "recipe": recipe}, {"name": "a"}, "a", {"name": 3, "recipe": recipe}):
        with pytest.raises(RecipeError, match="reload the page"):
            pins_of({"pins": [pin]})


def test_anything_may_be_sent():
    assert entry("x", "id") is None
    assert stamp_of(None, {"stamp": "9"}, {"stamp": 4}) == 4
    assert whole(None, "n") is None
    with pytest.raises(RecipeError, match=r"n: expected a whole number, but got 2\.5"):
        whole(2.5, "n")
