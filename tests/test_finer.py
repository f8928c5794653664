"""Ratios finer than a lane's: recipes carry them, the live model computes them head by head."""

import pytest
import torch
import yaml

from explorer.attention import LANES
from explorer.errors import RecipeError
from explorer.merging.lerp import interpolate
from explorer.recipe import recipe_from
from explorer.which_layer import swaps

CURVE = {lane: [0.5, 0.25] for lane in LANES}
FINER = {
    "encoder.self.q": [[0.0, 0.3], [1.0, 0.6]],
    "decoder.cross.v": [0.9, [0.1, 0.2]],
    "decoder.feed-forward": [0.4, 1.0],
}


def a_recipe(finer, **changes):
    return recipe_from({"triple": "tiny", "schedule": "custom", "ratios": CURVE, "finer": finer} | changes)


def test_a_recipe_carries_them_and_says_so():
    recipe = a_recipe(FINER)
    assert recipe_from(recipe.as_dict()) == recipe
    assert "by head" in recipe.summary
    assert "with feed-forward" in recipe.summary
    assert recipe.id != a_recipe({}).id
    assert "finer" not in a_recipe({}).as_dict()  # old recipes and their ids stay as they are


def test_the_live_merge_is_every_heads_own_interpolation(tiny_bench):
    weights = tiny_bench.live.triple.weights
    with tiny_bench.live.merged(a_recipe(FINER)) as network:
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    name = "model.encoder.layers.0.self_attn.q_proj.weight"
    halves = [
        interpolate(w1, w2, share, torch.empty_like(w1))
        for w1, w2, share in zip(weights["m1"][name].chunk(2), weights["m2"][name].chunk(2), (0.0, 0.3), strict=True)
    ]
    assert torch.equal(state[name].view(torch.int32), torch.cat(halves).view(torch.int32))
    for name, share in (
        ("model.encoder.layers.0.self_attn.k_proj.weight", 0.5),
        ("model.decoder.layers.0.encoder_attn.v_proj.bias", 0.9),
        ("model.decoder.layers.0.fc1.bias", 0.4),
        ("model.decoder.layers.1.fc2.weight", 1.0),
        ("model.encoder.layers.1.fc2.weight", 1.0),
    ):
        w1, w2 = (weights[member][name] for member in ("m1", "m2"))
        assert torch.equal(state[name], interpolate(w1, w2, share, torch.empty_like(w1))), name


def test_lanes_and_projections_that_are_off_stay_off(tiny_bench):
    off = a_recipe(
        {"encoder.self.q": [0.1, 0.2], "decoder.self.k": [0.3, 0.4]}, scope=["decoder.self"], projections=["q"]
    )
    with tiny_bench.live.merged(off):
        assert all("decoder" in name and "self_attn.q_proj" in name for name in tiny_bench.live.written)


def test_a_layer_that_is_swapped_takes_its_smaller_parts_along():
    found = [
        each for each in swaps(a_recipe(FINER), dict.fromkeys(LANES, 2)) if (each.lane, each.layer) == (LANES[0], 1)
    ]
    assert [dict(each.recipe.finer)["encoder.self.q"] for each in found] == [((0.0, 0.3), 1.0), ((0.0, 0.3), 0.0)]
    assert all(dict(each.recipe.finer)["decoder.cross.v"] == (0.9, (0.1, 0.2)) for each in found)


def test_another_schedule_on_the_command_line_gives_them_up(document, tmp_path):
    path = tmp_path / "finer.yaml"
    path.write_text(yaml.safe_dump(a_recipe(FINER).as_dict()))
    assert document("export", "--recipe", path, "--format", "json")["recipe"]["finer"] == FINER
    assert "finer" not in document("export", "--recipe", path, "--schedule", "depth")["recipe"]


@pytest.mark.parametrize(
    ("finer", "changes", "says"),
    [
        ({"encoder.self": [0.1, 0.2]}, {}, "expected one of encoder.self.q"),
        ({"encoder.self.q": 0.3}, {}, "expected a list of numbers"),
        ({"encoder.self.q": [0.3, 1.2]}, {}, "expected a number from 0 to 1"),
        ({"encoder.self.q": [0.3, []]}, {}, "expected a number from 0 to 1"),
        ({"encoder.feed-forward": [[0.3, 0.2], 0.1]}, {}, "expected a number from 0 to 1"),
        ([0.3], {}, "expected a list of λ_i for some of"),
        ({"encoder.self.q": [0.3, 0.2]}, {"schedule": "depth", "ratios": None}, "only SA Merge with schedule custom"),
        ({"encoder.self.q": [0.3, 0.2]}, {"method": "hsa"}, "only SA Merge with schedule custom"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(finer, changes, says):
    with pytest.raises(RecipeError, match=says):
        a_recipe(finer, **changes)


@pytest.mark.parametrize(
    ("finer", "says"),
    [
        ({"encoder.self.q": [0.1]}, "finer.encoder.self.q: expected 2 entries"),
        ({"decoder.feed-forward": [0.1] * 3}, "finer.decoder.feed-forward: expected 2 entries"),
        ({"encoder.self.q": [[0.1, 0.2, 0.3], 0.5]}, "expected 2 ratios, one a head, but got 3"),
    ],
)
def test_what_does_not_fit_the_model_is_said_before_merging(finer, says, tiny_bench):
    with pytest.raises(RecipeError, match=says):
        tiny_bench.live.check(a_recipe(finer))
