"""Every method in the live model: what it changes, what it leaves, what it reuses, and task vectors added to it."""

import importlib
import json
import re
from dataclasses import replace

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from material import READY_METHODS, no_progress, write_config
from safetensors.torch import load_file, save_file

from explorer.attention import LANES, PARTS, PROJECTIONS, part_of
from explorer.checkpoints.triple import MEMBERS, load_triple, tensor_digest
from explorer.config_file import read_config
from explorer.device import pick_device
from explorer.errors import CheckpointError, ConfigError, RecipeError
from explorer.extras import Extras
from explorer.live_model import LiveModel
from explorer.merging.operands import Operands
from explorer.merging.plan import merge_of
from explorer.methods import METHODS, Method
from explorer.recipe import recipe_from
from explorer.schedule import SCHEDULE_NAMES
from explorer.threads import use_threads
from explorer.workbench import Workbench

WHOLE = [name for name in READY_METHODS if not METHODS[name].curve]
FROZEN = {"embeddings", "stem"}
light = settings(max_examples=25)


def part_lists(parts):
    return st.lists(st.sampled_from(parts), unique=True)


@st.composite
def any_recipe(draw):
    """Entries of a recipe of any method, with or without task vectors added."""
    method = draw(st.sampled_from(READY_METHODS))
    row = METHODS[method]
    entries = {"triple": "tiny", "method": method}
    for each in row.parameters:
        if draw(st.booleans()):
            inside = st.integers(0, 100).map(lambda n, p=each: p.lowest + n / 100 * (p.highest - p.lowest))
            entries[each.name] = draw(st.integers(0, 99) if each.kind == "whole" else inside)
    if draw(st.booleans()):
        entries["scope"] = draw(part_lists(row.parts))
    if row.curve:
        entries["schedule"] = draw(
            st.sampled_from([name for name in SCHEDULE_NAMES if name not in ("custom", "groups")])
        )
        entries["lambda"] = draw(st.integers(0, 10)) / 10
        entries["projections"] = draw(part_lists(PROJECTIONS))
    if draw(st.booleans()):
        beta = st.integers(-20, 20).map(lambda n: n / 10)
        addition = st.fixed_dictionaries(
            {"vector": st.sampled_from(["m1", "m2"]), "beta": beta}, optional={"scope": part_lists(PARTS)}
        )
        entries["add"] = draw(st.lists(addition, max_size=2))
    return entries


def of(method, **entries):
    return recipe_from({"triple": "tiny", "method": method, **entries})


def state(live, recipe):
    with live.merged(recipe) as model:
        return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def digests(live, recipe):
    return {name: tensor_digest(tensor) for name, tensor in state(live, recipe).items()}


@pytest.fixture(scope="module")
def shared_live(tiny_triple):
    return LiveModel(tiny_triple, pick_device("cpu"))


# ---- Recipes --------------------------------------------------------------------------------------------------------


@given(any_recipe())
def test_a_recipe_of_any_method_survives_yaml_and_json(entries):
    recipe = recipe_from(entries)
    assert recipe_from(yaml.safe_load(yaml.safe_dump(recipe.as_dict()))) == recipe
    assert recipe_from(json.loads(json.dumps(recipe.as_dict()))) == recipe
    assert recipe.summary


@given(any_recipe(), any_recipe())
def test_recipes_that_differ_have_different_names(one, other):
    first, second = recipe_from(one), recipe_from(other)
    assert (first.id == second.id) == (first == second)


def test_recipes_from_before_there_were_methods_keep_their_names():
    """What was remembered, exported and cited under a recipe's name is still found."""
    old = {"version": 1, "triple": "tiny-en", "schedule": "depth", "lambda": 0.2, "alpha": 0.8}
    assert recipe_from(old).id == "7b90ab908fbb"
    assert recipe_from(old).summary == "depth · λ 0.2 · α 0.8"


def test_every_parameter_has_its_default_and_its_place_in_the_name():
    recipe = of("ties", density=0.3)
    assert dict(recipe.values) == {"density": 0.3, "scale": 1.0, "share": 0.5}
    assert recipe.scope == PARTS
    assert recipe.summary == "TIES · d 0.3 · λ 1 · w 0.5"
    assert of("hsa").scope == ("encoder.self",)
    assert of("hsa").exponents == (0.2,)


WRONG = {
    "a parameter of another method": (
        {"method": "lerp", "density": 0.2},
        "'density': no such key; a recipe of method lerp has",
    ),
    "a curve for a method without": ({"method": "ties", "alpha": 0.8}, "'alpha': no such key"),
    "a parameter out of range": (
        {"method": "ties", "density": 0},
        "density: expected a number from 0.01 to 1, but got 0",
    ),
    "a parameter in words": ({"method": "ties", "density": "few"}, "density: expected a number"),
    "a scale too long": ({"method": "task-arithmetic", "scale": 2.5}, "scale: expected a number from 0 to 2"),
    "half a seed": ({"method": "dare", "seed": 0.5}, "seed: expected a whole number, but got 0.5"),
    "more than all heads": ({"method": "hsa", "heads": 1.5}, "heads: expected a number from 0 to 1"),
    "a part for a method of attention": ({"scope": ["feed-forward"]}, "scope: expected one of encoder.self"),
    "a part there is not": ({"method": "ties", "scope": ["tail"]}, "scope: expected one of encoder.self"),
    "a method of another type": ({"method": ["ties"]}, "method: expected one of sa, hsa"),
    "add in words": ({"add": "m1"}, "add: expected a list"),
    "add without β": ({"add": [{"vector": "m1"}]}, "add[0]: expected vector, beta"),
    "add with a key too many": ({"add": [{"vector": "m1", "beta": 1, "gamma": 2}]}, "add[0]: expected vector, beta"),
    "add with a wild β": ({"add": [{"vector": "m1", "beta": 3}]}, "add[0].beta: expected a number from -2 to 2"),
    "add without a name": ({"add": [{"vector": "", "beta": 1}]}, "add[0].vector: expected the name"),
    "add over no part": ({"add": [{"vector": "m1", "beta": 1, "scope": ["x"]}]}, "add[0].scope: expected one of"),
}


@pytest.mark.parametrize(("entries", "culprit"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_entry_is_one_sentence(entries, culprit):
    with pytest.raises(RecipeError) as caught:
        recipe_from({"triple": "tiny", **entries}, "R.yaml")
    assert str(caught.value).startswith("R.yaml: ")
    assert culprit in str(caught.value)
    assert len(str(caught.value)) < 250


def test_another_method_takes_nothing_from_the_default_recipe_but_its_triple(tiny_workbench):
    assert tiny_workbench.recipe({"method": "lerp"}, "test") == of("lerp")
    assert tiny_workbench.recipe({"method": "sa"}, "test") == tiny_workbench.default_recipe()
    with pytest.raises(RecipeError, match="add: vector: expected one of m1, m2, but got 'noise'"):
        tiny_workbench.recipe({"add": [{"vector": "noise", "beta": 1}]}, "test")


# ---- The live model -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", READY_METHODS)
def test_a_merge_is_its_method_applied_to_every_tensor_that_differs(shared_live, method):
    recipe = of(method)
    found = state(shared_live, recipe)
    m0, m1, m2 = (shared_live.triple.weights[member] for member in MEMBERS)
    ratios = {}
    if METHODS[method].curve:
        for parameter in shared_live.triple.parameters:
            curves = recipe.lane_ratios(dict.fromkeys(LANES, 2))
            ratios[parameter.name] = curves[parameter.lane][parameter.layer]
    for name, first in m1.items():
        expected = first
        inside = part_of(name) in recipe.scope
        if inside and not (first is m0[name] and m2[name] is m0[name]):
            values = dict(recipe.values) | ({"ratio": ratios[name]} if ratios else {})
            operands = Operands(name, m0[name], first, m2[name], heads=2)
            expected = merge_of(method)(operands, values, torch.empty_like(first))
        assert torch.equal(found[name], expected), name


@pytest.mark.parametrize("method", WHOLE)
def test_what_training_froze_stays_shared_and_the_rest_is_merged(live, method):
    with live.merged(of(method)) as model:
        merged = model.state_dict()
        for name, first in live.triple.weights["m1"].items():
            assert (merged[name].data_ptr() == first.data_ptr()) == (part_of(name) in FROZEN)
        assert merged["proj_out.weight"].data_ptr() == merged["model.decoder.embed_tokens.weight"].data_ptr()


def test_embeddings_that_differ_are_merged_with_the_projection_tied_to_them(tiny_triple):
    name = "model.decoder.embed_tokens.weight"
    weights = dict(tiny_triple.weights)
    weights["m2"] = {**weights["m2"], name: weights["m2"][name] + 1}
    live = LiveModel(replace(tiny_triple, weights=weights), pick_device("cpu"))
    with live.merged(of("lerp", **{"lambda": 0.5})) as model:
        merged = model.state_dict()
        assert torch.allclose(merged[name], weights["m1"][name] + 0.5)
        assert merged["proj_out.weight"].data_ptr() == merged[name].data_ptr()
    with live.merged(of("sa")) as model:
        merged = model.state_dict()
        assert merged["proj_out.weight"].data_ptr() == merged[name].data_ptr() == weights["m1"][name].data_ptr()


@given(any_recipe(), any_recipe())
@light
def test_a_merge_does_not_depend_on_the_merges_before_it(tiny_triple, shared_live, before, entries):
    digests(shared_live, recipe_from(before))
    recipe = recipe_from(entries)
    fresh = LiveModel(tiny_triple, pick_device("cpu"), kept_bytes=0)
    assert digests(shared_live, recipe) == digests(fresh, recipe)
    assert shared_live.merged_fingerprint(recipe) == fresh.merged_fingerprint(recipe)


@given(any_recipe())
@light
def test_the_checkpoints_are_never_written_to(tiny_triple, shared_live, entries):
    before = {member: shared_live.fingerprint(member) for member in MEMBERS}
    digests(shared_live, recipe_from(entries))
    again = LiveModel(tiny_triple, pick_device("cpu"))
    assert {member: again.fingerprint(member) for member in MEMBERS} == before


@pytest.mark.parametrize("method", READY_METHODS)
def test_the_child_end_of_every_method_over_everything_is_the_child(live, method):
    row = METHODS[method]
    ends = {"lambda": 1.0, "share": 1.0, "scale": 1.0, "density": 1.0}
    values = {each.name: ends[each.name] for each in row.parameters if each.name in ends}
    found = state(live, of(method, **(values | ({"lambda": 1.0} if row.curve else {}))))
    exact = method in ("sa", "hsa", "lerp", "slerp", "task-slerp")
    for name, first in live.triple.weights["m1"].items():
        assert torch.equal(found[name], first) if exact else torch.allclose(found[name], first, atol=1e-6)
    if exact:
        assert live.merged_fingerprint(
            of(method, **(values | ({"lambda": 1.0} if row.curve else {})))
        ) == live.fingerprint("m1")


def test_scope_is_kept_to(live):
    child = live.triple.weights["m1"]
    for part in PARTS:
        found = state(live, of("lerp", scope=[part], **{"lambda": 0.0}))
        changed = {part_of(name) for name, tensor in child.items() if not torch.equal(found[name], tensor)}
        assert changed == ({part} - FROZEN)


def test_only_what_a_move_changes_is_written(live):
    with live.merged(of("ties")):
        everything = live.rewritten
    assert everything == sum(part_of(name) not in FROZEN for name in live.triple.weights["m1"])
    with live.merged(of("ties")):
        assert live.rewritten == 0
    with live.merged(of("ties", scope=[part for part in PARTS if part != "norms"])):
        assert live.rewritten == sum(part_of(name) == "norms" for name in live.triple.weights["m1"])
    with live.merged(of("sa", **{"lambda": 1.0})):
        assert live.rewritten == everything - sum(part_of(name) == "norms" for name in live.triple.weights["m1"])


def test_moving_scale_does_not_trim_and_elect_again(live, monkeypatch):
    ties = importlib.import_module("explorer.merging.ties")
    calls = []
    whole = ties.merged_vector
    monkeypatch.setattr(ties, "merged_vector", lambda *given: calls.append(given) or whole(*given))
    digests(live, of("ties"))
    assert len(calls) == live.rewritten
    digests(live, of("ties", scale=0.5))
    assert len(calls) == live.rewritten
    digests(live, of("ties", density=0.3))
    assert len(calls) == 2 * live.rewritten


def test_values_that_are_not_finite_are_refused_and_harm_nothing(live, monkeypatch):
    before = digests(live, of("ties"))
    row = Method("Broken", "ties", "W", "Broken.", "https://", METHODS["ties"].parameters)
    monkeypatch.setitem(METHODS, "broken", row)
    ties = importlib.import_module("explorer.merging.ties")

    def broken(operands, values, out):
        return out.fill_(torch.nan) if "fc1" in operands.name else out.copy_(operands.base)

    with monkeypatch.context() as patch:
        patch.setattr(ties, "merge", broken)
        with pytest.raises(RecipeError, match=r"^method broken: .*fc1.*: gave values that are not finite; .*\.$"):
            digests(live, of("broken"))
    assert digests(live, of("sa", **{"lambda": 1.0})) == digests(
        LiveModel(live.triple, live.device), of("sa", **{"lambda": 1.0})
    )
    assert digests(live, of("ties")) == before


@pytest.mark.parametrize("name", [name for name, row in METHODS.items() if row.between])
def test_what_needs_no_check_lies_between_its_parents(live, name):
    weights = live.triple.weights
    with live.merged(of(name)) as model:
        for each in live.written:
            first, second, merged = weights["m1"][each], weights["m2"][each], model.get_parameter(each)
            slack = 1e-6 * torch.maximum(first.abs(), second.abs())
            assert (merged >= torch.minimum(first, second) - slack).all()
            assert (merged <= torch.maximum(first, second) + slack).all()


def test_merging_leaves_torch_its_threads(live):
    use_threads(2)
    digests(live, of("ties"))
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("method", [name for name in READY_METHODS if not name.startswith("dare")])
def test_exchanging_the_layers_exchanges_the_merge(live, method):
    """Nothing hangs on a layer's place but the curve; what DARE draws hangs on a tensor's name, so it is left out."""

    def exchanged(name):
        return re.sub(r"\.layers\.(\d)", lambda found: f".layers.{1 - int(found[1])}", name)

    row, curve = METHODS[method], {"encoder.self": [0.2, 0.7], "decoder.self": [0.0, 0.4], "decoder.cross": [1.0, 0.3]}
    own = {"schedule": "custom", "scope": list(LANES), "ratios": curve} if row.curve else {}
    other = own | ({"ratios": {lane: ratios[::-1] for lane, ratios in curve.items()}} if row.curve else {})
    weights = {
        member: {exchanged(name): tensor for name, tensor in tensors.items()}
        for member, tensors in live.triple.weights.items()
    }
    turned = state(LiveModel(replace(live.triple, weights=weights), live.device), of(method, **other))
    for name, tensor in state(live, of(method, **own)).items():
        assert torch.equal(tensor, turned[exchanged(name)]), name


def test_headwise_merge_of_all_heads_is_sa_merge_on_its_scope(live):
    for scope in (["encoder.self"], ["decoder.cross", "decoder.self"]):
        entries = {"scope": scope, "lambda": 0.3, "alpha": 0.6}
        assert digests(live, of("hsa", heads=1.0, **entries)) == digests(live, of("sa", **entries))


# ---- Task vectors added ---------------------------------------------------------------------------------------------


def test_a_task_vector_is_added_over_its_scope_to_any_method(live):
    m0, m1, m2 = (live.triple.weights[member] for member in MEMBERS)
    for method in ("sa", "ties"):
        plain = state(live, of(method))
        addition = [
            {"vector": "m2", "beta": 0.5, "scope": ["feed-forward", "encoder.self"]},
            {"vector": "m1", "beta": -1},
        ]
        found = state(live, of(method, add=addition))
        for name in m1:
            expected = plain[name] - (m1[name] - m0[name])
            if part_of(name) in ("feed-forward", "encoder.self"):
                expected = expected + 0.5 * (m2[name] - m0[name])
            assert torch.allclose(found[name], expected, atol=1e-5), name


def test_nothing_added_is_nothing_changed(live):
    plain = digests(live, of("sa", **{"lambda": 1.0}))
    assert digests(live, of("sa", **{"lambda": 1.0}, add=[{"vector": "m2", "beta": 0}])) == plain
    assert digests(live, of("sa", **{"lambda": 1.0}, add=[{"vector": "m2", "beta": 1, "scope": []}])) == plain
    # M1 without its own task vector is the base.
    found = state(live, of("sa", **{"lambda": 1.0}, add=[{"vector": "m1", "beta": -1}]))
    assert all(torch.allclose(found[name], base, atol=1e-6) for name, base in live.triple.weights["m0"].items())


@pytest.fixture
def with_vectors(tmp_path, own_folders):
    """A workbench whose triple has two further vectors: M2 once more as a folder, and a file with one tensor."""
    path = write_config(tmp_path / "checkpoints.yaml", own_folders)
    name = "model.encoder.layers.1.fc1.weight"
    save_file({name: torch.full((32, 16), 0.25)}, tmp_path / "noise.safetensors", {"format": "task-vector/1"})
    path.write_text(
        path.read_text() + "    vectors:\n      again: {folder: m2}\n      noise: {task_vector: noise.safetensors}\n"
    )
    return Workbench(read_config(path), "cpu")


def test_vectors_of_checkpoints_yaml_can_be_added(with_vectors, own_folders):
    live = with_vectors.bench("tiny", no_progress).live
    base, name = load_file(own_folders.base / "model.safetensors"), "model.encoder.layers.1.fc1.weight"
    plain, m2 = state(live, of("sa")), load_file(own_folders.m2 / "model.safetensors")
    entries = {"add": [{"vector": "again", "beta": 0.5}, {"vector": "noise", "beta": 2}]}
    found = state(live, with_vectors.recipe({"schedule": "depth", **entries}, "test"))
    for each in plain:
        if each != "proj_out.weight":
            expected = plain[each] + 0.5 * (m2[each] - base[each]) + (0.5 if each == name else 0.0)
            assert torch.allclose(found[each], expected, atol=1e-5), each


def test_a_vector_that_is_broken_harms_nothing(with_vectors, tmp_path):
    live = with_vectors.bench("tiny", no_progress).live
    before = digests(live, of("sa"))
    (tmp_path / "noise.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"noise\.safetensors"):
        digests(live, of("sa", add=[{"vector": "noise", "beta": 1}]))
    assert digests(live, of("sa")) == before
    with pytest.raises(RecipeError, match="triple tiny has no such task vector; it has m1, m2, again, noise"):
        live.check(of("sa", add=[{"vector": "quiet", "beta": 1}]))


@pytest.mark.parametrize(
    ("entry", "culprit"), [("{folder: nowhere}", r"vectors\.v\.folder: no such"), ("{}", r"vectors\.v: expected")]
)
def test_a_vector_without_a_place_is_a_problem_of_its_triple(tmp_path, own_folders, entry, culprit):
    path = write_config(tmp_path / "checkpoints.yaml", own_folders)
    path.write_text(path.read_text() + f"    vectors: {{v: {entry}}}\n")
    with pytest.raises(ConfigError, match=culprit):
        read_config(path)
    path.write_text(path.read_text().replace("{v: ", "{m1: "))
    with pytest.raises(ConfigError, match=r"vectors\.m1: means the task vector of m1"):
        read_config(path)


def test_a_triple_can_be_loaded_without_its_vectors(with_vectors, tmp_path):
    (tmp_path / "noise.safetensors").unlink()
    assert load_triple(with_vectors.config.triple("tiny"), no_progress)


# ---- A checkpoint of one's own, named by its place ------------------------------------------------------------------


def test_a_checkpoint_that_is_nowhere_listed_can_be_added_by_its_place(tiny_workbench, own_folders, tmp_path):
    live = tiny_workbench.bench("tiny", no_progress).live
    name = "model.encoder.layers.1.fc1.weight"
    vector = tmp_path / "noise.safetensors"
    save_file({name: torch.full((32, 16), 0.25)}, vector, {"format": "task-vector/1"})
    add = [{"vector": f"folder:{own_folders.m2}", "beta": 0.5, "scope": ["feed-forward"]}]
    add += [{"vector": f"folder:{vector}", "beta": 2}]
    recipe = tiny_workbench.recipe({"add": add}, "test")
    base, m2 = (load_file(folder / "model.safetensors") for folder in (own_folders.base, own_folders.m2))
    plain, found = state(live, tiny_workbench.recipe({}, "test")), state(live, recipe)
    for each in plain:
        if each != "proj_out.weight":
            inside = part_of(each) == "feed-forward"
            expected = plain[each] + (0.5 * (m2[each] - base[each]) if inside else 0)
            assert torch.allclose(found[each], expected + (0.5 if each == name else 0), atol=1e-5), each


def test_a_place_with_nothing_or_something_else_is_one_sentence_and_harms_nothing(tiny_workbench, tmp_path, run):
    live = tiny_workbench.bench("tiny", no_progress).live
    before = digests(live, of("sa"))
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    for place, culprit in (("nowhere", "no such file or folder"), ("broken.safetensors", "broken.safetensors")):
        with pytest.raises((ConfigError, CheckpointError), match=culprit):
            digests(live, of("sa", add=[{"vector": f"folder:{tmp_path / place}", "beta": 1}]))
        code, told, complaint = run("merge", "--out", tmp_path / "m", "--add", f"folder:{tmp_path / place}=0.5")
        assert (code, told) == (2, "")
        assert complaint.startswith("error: ")
        assert culprit in complaint
        assert not (tmp_path / "m").exists()
    assert digests(live, of("sa")) == before


def test_the_command_line_adds_a_folder_whose_name_has_signs_in_it(document, own_folders, tmp_path):
    odd = own_folders.m2.rename(tmp_path / "a=b@c")
    found = document("merge", "--out", tmp_path / "m", "--add", f"folder:{odd}=0.5@encoder.self,norms")
    assert found["recipe"]["add"] == [{"vector": f"folder:{odd}", "beta": 0.5, "scope": ["encoder.self", "norms"]}]


def test_a_server_for_others_opens_no_places(tiny_workbench):
    closed = Workbench(tiny_workbench.config, "cpu", own_places=False)
    for place in ("folder:/etc", "hub:somebody/something"):
        with pytest.raises(RecipeError, match=r"page: add: .*this server adds no checkpoints but those it lists"):
            closed.recipe({"add": [{"vector": place, "beta": 1}]}, "page")


def test_vectors_asked_for_longest_ago_are_let_go(tiny_triple, tmp_path):
    extras = Extras(tiny_triple, pick_device("cpu"))
    names = []
    for number in range(8):
        path = tmp_path / f"{number}.safetensors"
        tensors = {"model.encoder.layers.0.fc1.bias": torch.full((32,), float(number))}
        save_file(tensors, path, {"format": "task-vector/1"})
        names.append(f"folder:{path}")
        found = extras.vectors(of("sa", add=[{"vector": names[-1], "beta": 1}]))
        assert set(found) == {names[-1]}
    assert list(extras._vectors) == names[2:]
