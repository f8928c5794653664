"""A curve that learns: the gradient, its fixed points, early stop, cancel and resume, what comes out of it."""

import itertools
import json
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from explorer.addition import Addition
from explorer.attention import LANES
from explorer.corpora.manifest import MANIFEST
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError, RecipeError
from explorer.learning.descent import Descent
from explorer.learning.kept import clear_runs, run_folder
from explorer.learning.knobs import Knobs
from explorer.learning.lesson import learn
from explorer.learning.material import WRITINGS, gather
from explorer.learning.settings import PATIENCE, Look, Settings
from explorer.learning.student import Student
from explorer.recipe import Recipe, recipe_from
from explorer.transcription.decoding import Decoding, Halt

SHORT = Decoding("fit", 5)
START = Recipe("tiny", schedule="constant", mixing=0.5)
KINDS = [
    Settings(clips=4),
    Settings(by="projection", feed_forward=True, clips=4),
    Settings(by="head", clips=4),
    Settings(objective="entropy", clips=4),
]


def names_of(settings):
    return f"{settings.by} {settings.objective}"


def knobs_of(bench, settings, recipe=START):
    return Knobs(recipe, bench.live.triple.parameters, bench.names, {"encoder": 2, "decoder": 2}, settings)


def lesson(bench, noises, settings, recipe=START, halt=None, **options):
    return list(learn(bench, noises, recipe, settings, SHORT, halt or Halt(), **options))


@pytest.fixture(scope="module")
def noise_corpus(noises, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for each in noises:
        shutil.copy(each.path, folder)
    rows = [{"file_name": each.path.name, "text": each.reference or "a", "speaker": each.speaker} for each in noises]
    (folder / MANIFEST).write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture
def student(tiny_bench, noises):
    def made(settings, recipe=START):
        knobs = knobs_of(tiny_bench, settings, recipe)
        return knobs, Student(tiny_bench, knobs, settings, SHORT, Halt()), gather(noises, settings, SHORT).learned[:5]

    return made


@pytest.mark.parametrize("settings", KINDS[:3], ids=names_of)
def test_the_gradient_is_that_of_finite_differences(settings, student):
    knobs, taught, items = student(settings)
    generator = np.random.default_rng(0)
    values = generator.uniform(0.2, 0.8, len(knobs.start))
    loss, gradient = taught.step(values, items)
    assert loss == pytest.approx(taught.loss(values, items), abs=1e-5)
    steepest = gradient / np.linalg.norm(gradient)
    assert gradient @ steepest > 0.02
    for direction in (steepest, np.eye(len(values))[0], np.eye(len(values))[-1]):
        ahead, behind = (taught.loss(values + sign * 0.03 * direction, items) for sign in (1, -1))
        assert gradient @ direction == pytest.approx((ahead - behind) / 0.06, rel=0.03, abs=2e-3)


def test_the_gradient_of_the_entropy_is_that_of_finite_differences(student, monkeypatch):
    """With the words held still: what is said jumps where one word takes over from another."""
    knobs, taught, items = student(KINDS[3])
    told = taught._told(knobs.start, items)
    monkeypatch.setattr(taught, "_told", lambda *_: told)
    _, gradient = taught.step(knobs.start, items)
    steepest = gradient / np.linalg.norm(gradient)
    ahead, behind = (taught.loss(knobs.start + sign * 0.03 * steepest, items) for sign in (1, -1))
    assert gradient @ steepest == pytest.approx((ahead - behind) / 0.06, rel=0.03, abs=2e-3)


@pytest.mark.parametrize("settings", KINDS[:3], ids=names_of)
def test_the_weights_learned_with_are_the_live_merges_bit_for_bit(settings, student, tiny_bench):
    knobs, taught, _ = student(settings)
    values = np.round(np.random.default_rng(2).uniform(0, 1, len(knobs.start)), 4)
    values[:2] = 0.0, 1.0
    weights = taught.weights(torch.tensor(values, dtype=torch.float32))
    recipe = recipe_from(knobs.recipe_at(values).as_dict())  # as a file carries it
    with tiny_bench.live.merged(recipe) as network:
        for name, tensor in network.named_parameters():
            if name in weights:
                assert torch.equal(tensor, weights[name]), name
        assert set(tiny_bench.live.written) <= set(weights)
    assert np.array_equal(knobs_of(tiny_bench, settings, recipe).start, values)


def test_task_vectors_that_a_recipe_adds_are_part_of_what_learns(student, tiny_bench):
    added = (Addition("m2", 0.3), Addition("m1", -0.2, ("encoder.self",)))
    knobs, taught, _ = student(KINDS[0], replace(START, add=added))
    values = np.full(len(knobs.start), 0.25)
    weights = {**taught._forced.network.state_dict(), **taught.weights(torch.tensor(values, dtype=torch.float32))}
    with tiny_bench.live.merged(knobs.recipe_at(values)) as network:
        for name, tensor in network.named_parameters():
            assert torch.allclose(tensor, weights[name], atol=1e-6), name


def test_equal_checkpoints_give_no_gradient(student):
    knobs, taught, items = student(KINDS[1])
    taught._first = taught._second
    _, gradient = taught.step(knobs.start, items)
    assert not gradient.any()
    descent = Descent.begun(knobs.start)
    descent.move(gradient, KINDS[1])
    assert np.array_equal(descent.values, knobs.start)


def test_ratios_stay_between_the_checkpoints_and_are_pulled_back():
    settings = Settings(rate=0.5, steps=10, pull=0.0)
    descent = Descent.begun(np.array([0.9, 0.1, 0.5]))
    for _ in range(5):
        descent.move(np.array([-1.0, 1.0, 0.0]), settings)
    assert descent.values.tolist() == [1.0, 0.0, 0.5]
    descent.values = np.array([0.9, 0.1, 0.8])
    descent.move(np.zeros(3), replace(settings, pull=1.0, rate=0.01))
    assert descent.values[2] < 0.8


def test_learning_lowers_the_loss_of_the_clips_and_leaves_the_checkpoints_alone(tiny_bench, noises):
    before = [tiny_bench.live.fingerprint(member) for member in ("m0", "m1", "m2")]
    *states, last = lesson(tiny_bench, noises, Settings(steps=10, clips=20, pull=0.0))
    losses = [each.training for each in last.looks if each.training is not None]
    assert losses[-1] < losses[0] - 0.01
    assert [state.step for state in states] == list(range(11))
    assert states[3].remaining is None or states[3].remaining > 0
    assert last.state == "done"
    assert last.recipe.schedule == "custom"
    assert last.speakers == (3, 1)
    assert sum(last.clips) + len(last.problems) == len(noises)
    assert all("has no reference" in problem for problem in last.problems)
    assert last.writing in WRITINGS
    weights = tiny_bench.live.triple.weights
    tiny_bench.live._digests = {"merge": {}}  # hash anew
    assert [tiny_bench.live.fingerprint(member) for member in ("m0", "m1", "m2")] == before
    assert not any(tensor.requires_grad for tensors in weights.values() for tensor in tensors.values())


def test_nobody_is_learned_from_and_stopped_by(noises):
    for seed in range(6):
        material = gather(noises, Settings(seed=seed, held_out=0.5), SHORT)
        assert not {item.speaker for item in material.learned} & {item.speaker for item in material.held_out}
        settings = Settings(seed=seed, clips=4)
        epoch = [material.batch(step, settings) for step in range(-(-len(material.learned) // 4))]
        dealt = [item.clip.name for batch in epoch for item in batch]
        assert sorted(dealt) == sorted(item.clip.name for item in material.learned)


def test_it_stops_when_the_held_out_speakers_get_no_better():
    settings = Settings(steps=100)
    descent = Descent.begun(np.array([0.5]))
    rates = [3.0, 2.5, 2.6, 2.6, 2.6, 2.6, 2.6]
    for number, held_out in enumerate(rates):
        descent.step, descent.values = 5 * number, np.array([0.5 + number / 100])
        descent.note(Look(5 * number, 1.0, held_out), settings)
        if descent.ended:
            break
    assert number == 1 + PATIENCE
    assert descent.ended == "early"
    assert descent.best.tolist() == [0.51]


def test_where_nothing_helps_the_start_stays(tiny_bench, noises, monkeypatch):
    """The held-out speakers, who are heard in other clips than all others, get worse with every step."""
    worse = itertools.count()
    real = Student.loss
    monkeypatch.setattr(Student, "loss", lambda self, values, items: real(self, values, items) + next(worse))
    last = lesson(tiny_bench, noises, Settings(steps=200, clips=4))[-1]
    assert (last.state, last.step) == ("early", 5 * PATIENCE)
    assert last.recipe == START
    assert "which stays" in last.summary


@pytest.mark.parametrize("settings", [replace(KINDS[0], steps=7), replace(KINDS[3], steps=6, clips=2)], ids=names_of)
def test_a_run_that_was_cancelled_ends_as_one_that_was_not(settings, tiny_bench, noises):
    whole = lesson(tiny_bench, noises, settings)[-1]
    clear_runs()
    enough = threading.Event()
    for state in learn(tiny_bench, noises, START, settings, SHORT, Halt(enough.is_set)):
        if state.step == 3:
            enough.set()
    assert (state.state, state.step) == ("stopped", 3)
    assert len(list(run_folder().glob("*.json"))) == 1
    first, *_, last = lesson(tiny_bench, noises, settings, resume=True)
    assert first.step == 3
    assert (last.recipe, last.looks, last.state) == (whole.recipe, whole.looks, whole.state)
    (again,) = lesson(tiny_bench, noises, settings, resume=True)  # at its end there is nothing to do
    assert (again.recipe, again.looks) == (last.recipe, last.looks)
    assert lesson(tiny_bench, noises, replace(settings, seed=1), resume=True)[0].step == 0  # another run


def test_a_killed_run_goes_on_and_a_damaged_one_begins_anew(tiny_bench, noises):
    settings = Settings(steps=4, clips=4, seed=9)
    whole = lesson(tiny_bench, noises, settings)[-1]
    killed = learn(tiny_bench, noises, START, settings, SHORT, Halt())
    assert [next(killed).step for _ in range(3)] == [0, 1, 2]
    killed.close()
    (file,) = [each for each in run_folder().glob("*.json") if '"step": 2' in each.read_text()]
    assert lesson(tiny_bench, noises, settings, resume=True)[-1].recipe == whole.recipe
    file.write_text(file.read_text()[:40])
    assert lesson(tiny_bench, noises, settings, resume=True)[0].step == 0


def test_between_two_groups_of_clips_the_model_is_free_for_others(tiny_bench, noises):
    states, waited = [], []

    def other():
        with tiny_bench.live.merged(replace(START, mixing=0.1)):
            waited.append(len(states))

    for state in learn(tiny_bench, noises, START, Settings(steps=6, clips=12), SHORT, Halt()):
        states.append(state)
        if state.step == 2:
            thread = threading.Thread(target=other)
            thread.start()
    thread.join(60)
    assert waited[0] < len(states)


def test_a_lane_that_is_off_stays_off_and_its_drawn_curve_is_kept(tiny_bench, noises):
    curve = tuple((lane, (0.3, 0.7)) for lane in LANES)
    start = Recipe("tiny", schedule="custom", ratios=curve, scope=("decoder.cross",), projections=("q", "v"))
    last = lesson(tiny_bench, noises, Settings(steps=5, clips=8, by="projection"), start)[-1]
    ratios, finer = dict(last.recipe.ratios), dict(last.recipe.finer)
    assert (ratios["encoder.self"], ratios["decoder.self"]) == ((0.3, 0.7), (0.3, 0.7))
    assert set(finer) == {"decoder.cross.q", "decoder.cross.v"}
    assert last.recipe.scope == ("decoder.cross",)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (recipe_from({"triple": "tiny", "method": "ties"}), "has no curve that could learn"),
        (replace(START, scope=()), "nothing is merged"),
        (replace(START, schedule="custom", ratios=()), "expected 2 values"),
    ],
)
def test_a_recipe_that_cannot_learn_is_one_sentence(recipe, says, tiny_bench, noises):
    with pytest.raises(RecipeError, match=says):
        lesson(tiny_bench, noises, Settings(steps=1), recipe)


def test_clips_that_cannot_be_learned_from_are_one_sentence(tiny_bench, noises, tmp_path):
    alone = [replace(each, speaker="one") for each in noises]
    with pytest.raises(CorpusError, match="of 1 speaker"):
        lesson(tiny_bench, alone, Settings(steps=1))
    absent = [Utterance("x", tmp_path / "x.wav", "a", "s")]
    with pytest.raises(CorpusError, match=r"no clip to learn from.*First problem: "):
        lesson(tiny_bench, absent, Settings(steps=1))
    silent = [replace(each, reference="") for each in noises]
    assert lesson(tiny_bench, silent, Settings(steps=1, objective="entropy", clips=2))[-1].step == 1


def test_the_command_writes_a_recipe_that_it_can_start_from(document, run, noise_corpus, tmp_path):
    target = tmp_path / "learned.yaml"
    ask = ("learn", "--corpus", f"manifest:{noise_corpus}", "--steps", "5", "--step-clips", "4", "--out", target)
    found = document(*ask, "--lambda", "0.5", "--by", "projection")
    assert yaml.safe_load(target.read_text()) == found["recipe"]
    assert found["recipe"]["schedule"] == "custom" or "which stays" in found["summary"]
    assert len(found["looks"]) == 6
    assert found["speakers"] == {"learned": 3, "held out": 1}
    assert document("merge", "--recipe", target, "--out", tmp_path / "merged")["fingerprint"] == found["fingerprint"]
    code, told, said = run(*ask, "--recipe", target)
    assert (code, told) == (0, f"Wrote {target}.\n")
    assert "Held-out speakers" in said
    assert document("clear")["learning"] >= 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--steps", "0"], "steps: expected 1 to 1000, but got 0."),
        (["--rate", "2"], "rate: expected a number above 0"),
        (["--rate", "nan"], "rate: expected a number above 0"),
        (["--held-out", "1"], "held-out: expected a share"),
        (["--seed", "-1"], "seed: expected a whole number"),
        (["--method", "ties"], "method ties: has no curve that could learn"),
        (["--filter", "age <"], "filter"),
        (["--out", "/nowhere/r.yaml"], "its folder does not exist"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(options, says, run, noise_corpus):
    code, told, said = run("learn", "--corpus", f"manifest:{noise_corpus}", *options)
    assert (code, told) == (2, "")
    assert says in said.splitlines()[-1]
    assert "Traceback" not in said
