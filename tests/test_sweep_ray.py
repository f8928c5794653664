"""The same sweep on two workers of Ray, one of which is killed: the same numbers in the same file."""

import os
import signal
from pathlib import Path

import pytest

from explorer.recipe import Recipe
from explorer.sweep.begin import Question, begin
from explorer.sweep.grid import Axis
from explorer.sweep.hearing import hearer_of
from explorer.sweep.map import Mapper
from explorer.sweep.on_ray import sweep_on_ray
from explorer.sweep.racing import Race, race_order
from explorer.sweep.run import sweep
from explorer.text_rules import TextRules
from explorer.transcription.decoding import Decoding, Halt

pytestmark = pytest.mark.slow


def workers() -> list[int]:
    """Processes of Ray that hold a triple; their titles say so."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            title = each.read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::Worker") and each.parent.stat().st_uid == os.getuid():
            found.append(int(each.parent.name))
    return found


@pytest.mark.filterwarnings("ignore")
def test_a_killed_workers_cell_is_heard_again_and_nothing_else_differs(
    tiny_config, tiny_bench, noises, tmp_path, monkeypatch
):
    ray = pytest.importorskip("ray", reason="pip install -r requirements-ray.txt")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    )
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    axes = Axis("lambda", (0.2, 0.4, 0.6, 0.8)), Axis("alpha", (0.5, 1.0))
    decoding, rules = Decoding("fit", 4), TextRules("none", True)

    question = Question(Recipe("tiny"), *axes, decoding, rules, ({"name": "noises"},), racing=False)
    clips = [race_order(noises)]
    here = begin(tmp_path / "here.sqlite", question, tiny_bench, clips)
    list(sweep(here, hearer_of(tiny_bench, here.about(), Halt()), clips, Race(on=False)))
    there = begin(tmp_path / "there.sqlite", question, tiny_bench, clips)
    before = set(workers())
    states = sweep_on_ray(there, clips, Race(on=False), tiny_config, workers=2, device="cpu")
    try:
        next(states)
        mine = set(workers()) - before
        assert mine
        os.kill(victim := mine.pop(), signal.SIGKILL)
        seen, told = set(), []
        for state in states:
            told.append(state)
            seen |= set(workers())
        assert told[-1].ended
        assert seen - mine - before - {victim}, "nobody took the killed worker's place"
        assert Mapper(there).document() == Mapper(here).document()
    finally:
        states.close()
        ray.shutdown()
