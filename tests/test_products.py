"""The faster ways through a layer on a CPU give what torch's and transformers' own give."""

import pytest
import torch
from torch import nn
from torch.nn.functional import gelu, linear, scaled_dot_product_attention
from transformers import WhisperForConditionalGeneration

from explorer.transcription import products
from explorer.transcription.decoding import Halt
from explorer.transcription.encoder import encode
from explorer.transcription.encoder_layer import EncoderLayer, _attend
from explorer.transcription.products import product, product_gelu, sum_product, weights_of
from tests.tiny_whisper import config_of

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def whisper():
    """A random Whisper, 128 wide, whose layers say something: transformers starts them close to nothing."""
    torch.manual_seed(3)
    wide = {"d_model": 128, "encoder_ffn_dim": 512, "encoder_attention_heads": 2, "init_std": 0.06}
    return WhisperForConditionalGeneration(config_of(200, **wide)).eval()


def made(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(1, 64), (300, 64), (2, 150, 64), (1, 1, 64)])
@pytest.mark.parametrize("bias", [True, False])
def test_products_and_what_follows_are_torchs(shape, bias):
    rows, weights = made(shape), weights_of(nn.Linear(64, 96, bias=bias), torch.float32)
    before = made((*shape[:-1], 96), 1)
    with torch.inference_mode():
        expected = linear(rows, *weights)
        torch.testing.assert_close(product(rows, weights), expected, **CLOSE)
        torch.testing.assert_close(product_gelu(rows, weights), gelu(expected), **CLOSE)
        torch.testing.assert_close(sum_product(before, rows, weights), before + expected, **CLOSE)


def test_rows_that_lie_apart_in_memory_are_multiplied_alike():
    rows, weights = made((64, 300)).T, weights_of(nn.Linear(64, 96), torch.float32)
    with torch.inference_mode():
        torch.testing.assert_close(product(rows, weights), linear(rows.contiguous(), *weights), **CLOSE)


def test_a_sum_keeps_its_type_where_the_product_has_16_bits():
    layer, rows, before = nn.Linear(64, 96), made((300, 64)), made((300, 96), 1)
    with torch.inference_mode():
        summed = sum_product(before, rows, weights_of(layer, torch.bfloat16))
        assert summed.dtype == torch.float32
        torch.testing.assert_close(summed, before + layer(rows), rtol=0, atol=0.03)
        assert product(rows, weights_of(layer, torch.bfloat16)).dtype == torch.bfloat16


def test_a_product_that_is_to_be_differentiated_is_torchs(monkeypatch):
    used = []
    monkeypatch.setattr(products, "linear", lambda *arguments: used.append(1) or linear(*arguments))
    layer = nn.Linear(64, 96)
    product_gelu(made((300, 64)), (layer.weight, layer.bias)).sum().backward()
    assert used
    assert float(layer.weight.grad.abs().max()) > 0
    if torch.backends.mkldnn.is_available():
        used.clear()
        with torch.inference_mode():
            product_gelu(made((300, 64)), (layer.weight, layer.bias))
        assert not used


@pytest.mark.parametrize(("clips", "positions"), [(1, 1_500), (3, 250), (3, 50)])
def test_a_layer_is_transformers_own(whisper, clips, positions):
    layer, hidden = whisper.model.encoder.layers[0], made((clips, positions, 128))
    with torch.inference_mode():
        expected = layer(hidden, None)
        assert float((expected - hidden).abs().mean()) > 0.1  # the layer does something
        torch.testing.assert_close(EncoderLayer(layer, torch.float32)(hidden), expected, **CLOSE)


def test_in_16_bits_a_layer_is_no_further_off_than_transformers_own(whisper):
    layer, hidden = whisper.model.encoder.layers[0], made((2, 1_500, 128))
    with torch.inference_mode():
        exact = layer(hidden, None)
        ours = EncoderLayer(layer, torch.bfloat16)(hidden)
        with torch.autocast("cpu", torch.bfloat16):
            theirs = layer(hidden, None)
        assert ours.dtype == torch.float32
        assert float((ours - exact).norm()) <= 1.2 * float((theirs - exact).norm())


@pytest.mark.parametrize("positions", [40, 700, 1_500])
def test_attention_in_16_bits_takes_all_heads_of_all_clips(positions):
    query, key, value = (made((2, 3, positions, 64), seed) for seed in range(3))
    attended = _attend(*(each.bfloat16() for each in (query, key, value)))
    torch.testing.assert_close(attended.float(), scaled_dot_product_attention(query, key, value), rtol=0.05, atol=0.02)


def test_many_windows_are_encoded_as_one_by_one(whisper):
    features = made((3, 80, 3_000))  # more positions than a layer takes at once
    with torch.inference_mode():
        together = encode(whisper, features, Halt())
        alone = torch.cat([encode(whisper, each[None], Halt()) for each in features])
        theirs = whisper.model.encoder(features).last_hidden_state
    torch.testing.assert_close(together, alone, **CLOSE)
    torch.testing.assert_close(together, theirs, rtol=1e-4, atol=1e-4)


def test_modules_are_called_where_somebody_listens(whisper):
    heard = []
    hook = whisper.model.encoder.layers[0].fc1.register_forward_pre_hook(lambda *_: heard.append(1))
    features = made((1, 80, 200))
    with torch.inference_mode():
        listened = encode(whisper, features, Halt(), modules=True)
        assert heard == [1]
        torch.testing.assert_close(encode(whisper, features, Halt()), listened, rtol=1e-4, atol=1e-4)
    hook.remove()
