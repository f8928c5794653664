"""Parameter name → stack, layer, kind, projection."""

from hypothesis import given
from hypothesis import strategies as st
from tiny_whisper import config_of
from torch import device
from transformers import WhisperForConditionalGeneration

from explorer.attention import LANES, AttentionParameter, attention_parameter, attention_parameters, lane_depths

KINDS = {"encoder.self": "self_attn", "decoder.self": "self_attn", "decoder.cross": "encoder_attn"}


def names_of(**changes):
    with device("meta"):
        return list(WhisperForConditionalGeneration(config_of(**changes)).state_dict())


@given(st.sampled_from(LANES), st.integers(0, 31), st.sampled_from("qkv"), st.sampled_from(["weight", "bias"]))
def test_every_attention_name_is_read_back_from_its_parts(lane, layer, projection, sort):
    name = f"model.{lane.split('.')[0]}.layers.{layer}.{KINDS[lane]}.{projection}_proj.{sort}"
    assert attention_parameter(name) == AttentionParameter(name, lane, layer, projection)


def test_a_real_network_has_three_weights_and_two_biases_in_each_attention():
    found = attention_parameters(names_of(encoder_layers=3, decoder_layers=2))
    # Whisper's keys have no bias.
    assert len(found) == (3 + 2 + 2) * 5
    assert not any(p.projection == "k" and p.name.endswith("bias") for p in found)


def test_everything_else_in_a_real_network_is_no_attention_parameter():
    names = names_of()
    others = {name for name in names if attention_parameter(name) is None}
    assert {name for name in names if "q_proj" in name or "k_proj" in name or "v_proj" in name}.isdisjoint(others)
    assert {
        "model.encoder.layers.0.self_attn.out_proj.weight",
        "model.encoder.conv1.weight",
        "proj_out.weight",
    } <= others


def test_an_encoder_has_no_cross_attention():
    assert attention_parameter("model.encoder.layers.0.encoder_attn.q_proj.weight") is None


def test_names_that_only_contain_an_attention_name_do_not_count():
    name = "model.encoder.layers.0.self_attn.q_proj.weight"
    for near in (f"{name}.int8", f"base_model.{name}", name.replace("q_proj", "q_proj.lora_A"), name.replace("0", "x")):
        assert attention_parameter(near) is None


@given(st.permutations(names_of()))
def test_the_order_of_the_names_does_not_matter(names):
    assert attention_parameters(names) == attention_parameters(sorted(names))


def test_parameters_come_lane_by_lane_and_from_the_lowest_layer_up():
    found = attention_parameters(names_of(encoder_layers=12))
    places = [(LANES.index(p.lane), p.layer) for p in found]
    assert places == sorted(places)


def test_each_lane_has_the_depth_of_its_own_stack():
    depths = lane_depths(attention_parameters(names_of(encoder_layers=11, decoder_layers=2)))
    assert depths == {"encoder.self": 11, "decoder.self": 2, "decoder.cross": 2}
