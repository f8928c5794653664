"""The Methods tab without a browser: what it compares and refuses, how it stops; and a method of one's own on it."""

import json
from types import SimpleNamespace

import pytest
import torch

from explorer.config_file import read_config
from explorer.methods import METHODS, Method, Parameter
from explorer.recipe import recipe_from
from explorer.ui.choosing import Choosing
from explorer.ui.comparing import Comparing
from explorer.ui.opening import Opening
from explorer.ui.recipe_panel import method_rows

VISITOR = SimpleNamespace(session_hash="visitor")
PANEL = {"recipe": {"triple": "tiny", "lambda": 0.3}, "stamp": 1}


@pytest.fixture
def tab(tiny_config, tiny_workbench):
    config = read_config(tiny_config)
    opening = Opening(config)
    opening._workbench = tiny_workbench
    opening._ready.set()
    return Comparing(opening, Choosing(config, serve_folders=True))


@pytest.fixture
def corpus(noise_folder):
    return str(noise_folder)


def compared(tab, corpus, methods=("TIES",), settings="at their defaults", own=None, stamp=1, expression="", beside=""):
    shown = {"stamp": stamp, "own": own}
    fields = ("", "manifest", corpus, expression, 6)
    return list(tab.run(shown, PANEL, list(methods), settings, beside, *fields, VISITOR))


def test_the_table_fills_and_ends_with_verdicts(tab, corpus):
    states = compared(tab, corpus, ["TIES", "Lerp"], beside=f"manifest:{corpus}")
    assert states[0]["notice"] == "tiny is being opened…"
    assert {state["state"] for state in states[:-1]} == {"running"}
    ended = states[-1]
    assert (ended["state"], ended["notice"]) == ("done", "")
    rows = {row["name"]: row for row in ended["table"]["rows"]}
    assert list(rows) == ["m1", "m2", "sa", "lerp", "ties"]
    assert all(len(row["wers"]) == 2 for row in rows.values())
    assert rows["ties"]["against_sa"]["word"] in ("better", "worse", "undecided", "the same")
    assert ended["table"]["clips"] == 12
    assert ended["table"]["settings"].startswith("greedy, window cut to the clip")
    json.dumps(ended)


def test_a_row_is_a_recipe_that_the_panel_takes(tab, corpus, tiny_workbench):
    rows = compared(tab, corpus)[-1]["table"]["rows"]
    for row in rows[2:]:
        assert tiny_workbench.recipe(row["recipe"], "page").as_dict() == row["recipe"]


def test_methods_as_they_were_left_on_explore(tab, corpus):
    own = {"ties": {"triple": "tiny", "method": "ties", "density": 0.7}, "lerp": "nonsense"}
    rows = {
        row["name"]: row
        for row in compared(tab, corpus, ["TIES", "Lerp"], "as I left them on Explore", own)[-1]["table"]["rows"]
    }
    assert rows["ties"]["recipe"]["density"] == 0.7
    assert rows["lerp"]["recipe"]["lambda"] == 0.5
    rows = {row["name"]: row for row in compared(tab, corpus, ["TIES"], "at their defaults", own)[-1]["table"]["rows"]}
    assert rows["ties"]["recipe"]["density"] == 0.2


def test_a_grid_is_judged_on_speakers_it_was_not_chosen_on(tab, corpus):
    table = compared(tab, corpus, ["Lerp"], "over a small grid of each")[-1]["table"]
    assert [row["method"] for row in table["judged"]] == ["sa", "lerp"]
    assert sum(row["method"] == "lerp" for row in table["rows"]) == len(METHODS["lerp"].grid())


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"methods": []}, "Methods: expected at least one"),
        ({"expression": "shoe = 3"}, "no such field"),
        ({"beside": "nobody"}, "nobody"),
        (
            {"settings": "as I left them on Explore", "own": {"ties": {"method": "ties", "density": 9}}},
            "density: expected a number",
        ),
    ],
)
def test_a_mistake_is_one_sentence_and_says_no_table(tab, corpus, asked, sentence):
    ended = compared(tab, corpus, **asked)[-1]
    assert ended["state"] == "error"
    assert sentence in ended["notice"]
    assert "table" not in ended


def test_missing_matrices_and_values_that_are_no_numbers_leave_a_method_out(tab, corpus, monkeypatch):
    monkeypatch.setattr("explorer.merging.slerp.merge", lambda operands, values, out: out.fill_(torch.nan))
    ended = compared(tab, corpus, ["TIES", "RegMean", "Slerp"])[-1]
    assert ended["state"] == "done"
    assert [row["name"] for row in ended["table"]["rows"]] == ["m1", "m2", "sa", "ties"]
    regmean, slerp = sorted(ended["table"]["left_out"])
    assert "gave values that are not finite; choose other parameters." in slerp
    assert "no Gram matrices called 'default'" in regmean


def test_a_run_that_was_cancelled_keeps_its_table_and_the_next_one_runs(tab, corpus, monkeypatch):
    # Every state is drawn, however fast the machine is: the first table comes before the last clip.
    monkeypatch.setattr("explorer.ui.comparing.STREAM_SECONDS", 0.0)
    monkeypatch.setattr("explorer.ui.comparing.time", SimpleNamespace(monotonic=lambda: 0.0))
    running = tab.run({"stamp": 5}, PANEL, ["TIES"], None, None, "", "manifest", corpus, "", 6, VISITOR)
    for state in running:
        if "table" in state and state["table"]["corpora"]:
            tab.cancel({"stamp": 5}, VISITOR)
        last = state
    assert last["state"] == "stopped"
    assert last["notice"].startswith("Stopped")
    assert compared(tab, corpus, stamp=6)[-1]["state"] == "done"
    tab.leave(VISITOR)


def test_a_server_for_others_compares_on_no_folder_of_its_own(tab, tiny_config, corpus):
    closed = Comparing(tab._opening, Choosing(read_config(tiny_config), serve_folders=False))
    ended = compared(closed, corpus)[-1]
    assert ended["state"] == "error"
    assert "Folders of this server are not open to visitors" in ended["notice"]


# ---- A method of one's own ------------------------------------------------------------------------------------------

HALFWAY = '''
def merge(operands, values, out):
    """Walk from M0 towards the mean of M1 and M2."""
    return out.copy_(operands.base + values["step"] * ((operands.first + operands.second) / 2 - operands.base))
'''


def test_one_file_and_one_row_are_in_the_recipe_the_command_line_the_panel_and_the_table(
    tab, corpus, run, document, tmp_path, monkeypatch, tiny_workbench
):
    (tmp_path / "of_mine").mkdir()
    (tmp_path / "of_mine" / "halfway.py").write_text(HALFWAY)
    monkeypatch.syspath_prepend(tmp_path)
    step = Parameter("step", "s", "how far", 1.0, 0.0, 1.0, grid=(0.5, 1.0))
    row = Method(
        "Halfway", "of_mine.halfway", "W = W0 + s·((W1 + W2)/2 − W0)", "Halfway.", "https://example.org", (step,)
    )
    monkeypatch.setitem(METHODS, "halfway", row)
    recipe = tiny_workbench.recipe({"method": "halfway", "step": 0.5}, "R.yaml")
    assert recipe_from(recipe.as_dict()) == recipe
    # The command line lists it, merges with it and takes its parameter.
    assert "halfway" in run("methods")[1]
    merged = document("merge", "--method", "halfway", "--set", "step=0.5", "--out", tmp_path / "merged")
    assert merged["recipe"]["step"] == 0.5
    assert merged["fingerprint"] == tiny_workbench.bench("tiny", lambda *_: None).fingerprint("merge", recipe)
    code, _, complaint = run("merge", "--method", "halfway", "--set", "step=2", "--out", tmp_path / "again")
    assert code == 2
    assert "step: expected a number from 0 to 1" in complaint
    # The panel draws its slider, the Methods tab compares it and walks its grid.
    (drawn,) = method_rows(tiny_workbench.default_recipe())["halfway"]["parameters"]
    assert (drawn["symbol"], drawn["highest"], drawn["default"]) == ("s", 1.0, 1.0)
    table = compared(tab, corpus, ["Halfway", "Lerp"], "over a small grid of each")[-1]["table"]
    wers = {row["name"]: row["wers"] for row in table["rows"]}
    assert {"halfway", "halfway-2"} <= set(wers)
    lerp = next(row for row in table["rows"] if row["method"] == "lerp" and row["recipe"]["lambda"] == 0.5)
    assert wers["halfway"] == lerp["wers"]  # all the way is the mean
