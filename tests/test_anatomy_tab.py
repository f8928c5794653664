"""The Anatomy tab without a browser: whose figures are shown, when they are computed, what a mistake leaves behind."""

from types import SimpleNamespace

import pytest

from explorer.anatomy import anatomy
from explorer.errors import CheckpointError
from explorer.measures import MEASURES
from explorer.reading import measure_reading
from explorer.ui.looking import Looking
from explorer.ui.opening import Opening
from explorer.ui.text.anatomy import FAILED

EMPTY = {"state": "", "notice": ""}
CONFLICTS, COSINE = MEASURES["conflicts"].label, MEASURES["cosine"].label


class Measuring:
    """A workbench that counts how often it measures."""

    def __init__(self, document, error=None):
        self.document, self.error, self.asked = document, error, []

    def bench(self, triple, progress):
        return triple

    def anatomy(self, bench):
        self.asked.append(bench)
        if self.error:
            raise self.error
        return self.document


@pytest.fixture
def document(tiny_triple):
    base = tiny_triple.weights["m0"]
    vectors = {
        member: {name: tiny_triple.weights[member][name] - base[name] for name in base} for member in ("m1", "m2")
    }
    return anatomy(tiny_triple, vectors)


def looking(workbench):
    config = SimpleNamespace(triple=lambda name: SimpleNamespace(title=f"title of {name}"))
    opening = Opening(config)
    opening._workbench = workbench
    opening._ready.set()
    return Looking(opening)


def panel(triple="tiny"):
    return {"recipe": {"triple": triple}, "stamp": 1}


def test_the_first_look_measures_and_shows_and_the_second_leaves_all_as_it_is(document):
    workbench = Measuring(document)
    look = looking(workbench)
    *waiting, ended = look.open(panel(), EMPTY, CONFLICTS, "τ1 · child")
    assert {step[0]["state"] for step in waiting} == {"loading"}
    assert ended[0] == {"state": "done", "notice": "", "triple": "tiny", "title": "title of tiny"}
    assert ended[1]["visible"]
    assert {len(step) for step in (*waiting, ended)} == {12}
    assert measure_reading(document, "conflicts")[0] in ended[3]
    assert len(ended[4]["cells"]) == len(document["matrices"])
    ((again, *rest),) = look.open(panel(), ended[0], CONFLICTS, "τ1 · child")
    assert "value" not in again
    assert all("value" not in each for each in rest)
    assert workbench.asked == ["tiny"]


def test_another_visitor_gets_the_numbers_without_measuring_and_another_triple_is_measured(document):
    workbench = Measuring(document)
    look = looking(workbench)
    list(look.open(panel(), EMPTY, CONFLICTS, "τ1 · child"))
    (at_once,) = look.open(panel(), EMPTY, COSINE, "τ2 · adult")
    assert at_once[3].startswith(MEASURES["cosine"].meaning)
    assert at_once[8].startswith("- τ2 · adult")
    first, *_, last = look.open(panel("other"), at_once[0], CONFLICTS, "τ1 · child")
    assert first[1]["visible"] is False  # the figures of one triple must not stand below another's name
    assert last[0]["triple"] == "other"
    assert workbench.asked == ["tiny", "other"]


def test_an_error_is_one_sentence_and_the_next_look_tries_again(document):
    workbench = Measuring(document, CheckpointError("speed: no such file."))
    look = looking(workbench)
    *_, ended = look.open(panel(), EMPTY, CONFLICTS, "τ1 · child")
    assert ended[0] == {"state": "error", "notice": "speed: no such file."}
    workbench.error = None
    *_, ended = look.open(panel(), ended[0], CONFLICTS, "τ1 · child")
    assert ended[0]["state"] == "done"


def test_a_failure_that_nobody_foresaw_ends_the_waiting_too(document):
    *_, ended = looking(Measuring(document, ZeroDivisionError())).open(panel(), EMPTY, CONFLICTS, "τ1 · child")
    assert ended[0] == {"state": "error", "notice": FAILED}


def test_another_measure_is_drawn_from_what_is_known(document):
    look = looking(Measuring(document))
    *_, ended = look.open(panel(), EMPTY, CONFLICTS, "τ1 · child")
    figure, says = look.measure(ended[0], COSINE)
    assert figure.data[0].zmin == -figure.data[0].zmax
    assert measure_reading(document, "cosine")[0] in says
    figure, says = look.heads(ended[0], "τ2 · adult")
    assert "τ2 · adult" in says


@pytest.mark.parametrize("sent", [None, 3, "x", [], {}, {"recipe": 4}])
def test_a_panel_that_is_none_is_one_sentence(document, sent):
    (answer,) = looking(Measuring(document)).open(sent, EMPTY, CONFLICTS, "τ1 · child")
    assert answer[0]["state"] == "error"
    assert "reload the page" in answer[0]["notice"]


@pytest.mark.parametrize("sent", [None, 3, [], {}, "‖τ9‖"])
def test_anything_may_be_sent_for_a_measure_and_the_default_is_drawn(document, sent):
    look = looking(Measuring(document))
    *_, ended = look.open(panel(), sent, sent, sent)
    assert look.measure(ended[0], sent)[1].startswith(MEASURES["conflicts"].meaning)
    assert look.heads(ended[0], sent)[0] is not None
    assert "value" not in look.measure(sent, CONFLICTS)[0]
