"""The Sweep tab without a browser: what Pause and Cancel leave behind, and that the last word is theirs."""

import time
from types import SimpleNamespace

import pytest

from explorer.config_file import read_config
from explorer.ui.choosing import Choosing
from explorer.ui.opening import Opening
from explorer.ui.sweeping import Sweeping

VISITOR = SimpleNamespace(session_hash="visitor")
PANEL = {"recipe": {"triple": "tiny"}, "stamp": 1}


@pytest.fixture
def tab(tiny_config, tiny_workbench, tmp_path, monkeypatch):
    monkeypatch.setattr("explorer.ui.sweeping.cache_folder", lambda: tmp_path / "cache")
    # Every map is drawn, however fast the machine is.
    monkeypatch.setattr("explorer.ui.sweeping.MAP_SECONDS", 0.0)
    monkeypatch.setattr("explorer.ui.sweeping.time", SimpleNamespace(monotonic=lambda: 0.0, strftime=time.strftime))
    config = read_config(tiny_config)
    opening = Opening(config)
    opening._workbench = tiny_workbench
    opening._ready.set()
    return Sweeping(opening, Choosing(config, serve_folders=True), open_=True)


@pytest.fixture
def corpus(noise_folder):
    return str(noise_folder)


def begun(tab, corpus, stamp):
    fields = ("", "", "manifest", corpus, "", 6)
    return tab.run({"stamp": stamp}, PANEL, "lambda=0.25,0.5,1", "alpha=0.5,1", False, False, *fields, VISITOR)


def resumed(tab, stamp):
    return [value for value, _ in tab.resume({"stamp": stamp}, False, VISITOR)]


def test_a_paused_sweep_is_gone_on_with(tab, corpus):
    states = []
    for value, _ in begun(tab, corpus, 5):
        if "document" in value:
            tab.pause({"stamp": 5}, VISITOR)
        states.append(value)
    assert states[-1]["state"] == "stopped"
    assert states[-1]["notice"].startswith("Paused; Resume goes on where it is.")
    assert not states[-1]["document"]["ended"]
    ended = resumed(tab, 6)[-1]
    assert (ended["state"], ended["document"]["ended"]) == ("done", True)


@pytest.mark.parametrize("early", [True, False])
def test_a_cancelled_sweep_is_forgotten_whenever_it_was_cancelled(tab, corpus, early):
    states = []
    for value, _ in begun(tab, corpus, 5):
        states.append(value)
        if early or "document" in value:
            tab.cancel({"stamp": 5}, VISITOR)
    assert states[-1] == {
        "state": "stopped",
        "notice": "Cancelled; the sweep is forgotten.",
        "stamp": 5,
        "remaining": None,
        "forgotten": True,
    }
    (*_, told) = resumed(tab, 6)
    assert told["state"] == "error"
    assert "there is no sweep to go on with" in told["notice"]


def test_after_a_cancelled_sweep_the_next_one_runs(tab, corpus):
    running = begun(tab, corpus, 5)
    next(running)
    tab.cancel({"stamp": 5}, VISITOR)
    list(running)
    *_, (value, _) = begun(tab, corpus, 6)
    assert value["state"] == "done"
    assert "forgotten" not in value
