"""A clip, and what was said in it → what a model thinks of every token of it, and where in the sound it looks.

The live model is only read: hooks catch what enters each layer's cross-attention, and its weights are computed a
second time from that, for the fast attention that models run with does not give them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import WhisperForConditionalGeneration

from explorer.transcription.decoding import Halt
from explorer.transcription.encoder import encode
from explorer.transcription.told import Told

ALTERNATIVES = 5


@dataclass(frozen=True, eq=False)
class Thoughts:
    """What a model thinks while it is told what was said: a row for each token, in the end ``<|endoftext|>``.

    Attributes:
        probabilities: of the token that was said, given all before it, shape (tokens,).
        any_case: the same, with those tokens that differ from it in capital letters alone, shape (tokens,).
        likeliest: ids of the tokens the model would rather have, the likeliest first, shape (tokens, ALTERNATIVES).
        odds: their probabilities, of the same shape.
        attention: where the model looked while it made up its mind about the token: cross-attention weights, float32,
            shape (layers, heads, tokens, positions of 20 ms); every row sums to 1.
    """

    probabilities: NDArray[np.float32]
    any_case: NDArray[np.float32]
    likeliest: NDArray[np.int64]
    odds: NDArray[np.float32]
    attention: NDArray[np.float32]

    @property
    def bytes(self) -> int:
        """Return roughly how much memory this takes."""
        return self.attention.nbytes


@torch.inference_mode()
def think(model: WhisperForConditionalGeneration, told: Told, folded: Tensor, halt: Halt) -> Thoughts:
    """Let a model hear one clip while it is told its tokens.

    Args:
        model: M0, M1, M2 or a merge, in evaluation mode; it is as it was afterwards.
        told: one clip and what was said in it.
        folded: for every id that of a token that stands for it and all that differ from it in capital letters alone.
        halt: asked before every layer of the encoder.

    Raises:
        InterruptedDecodingError: ``halt`` said so.
    """
    device = model.device
    heard = encode(model, told.features.to(device), halt)
    first = told.prompt - 1  # after the prompt's last token the model makes up its mind about the first word
    ids = told.tokens.to(device)
    with _watched(model.model.decoder) as queries:
        hidden = model.model.decoder(ids, encoder_hidden_states=heard, use_cache=False).last_hidden_state
    chances = model.proj_out(hidden[0, first:]).softmax(dim=-1)  # (tokens, vocabulary)
    likeliest = chances.topk(ALTERNATIVES, dim=-1)
    wanted = torch.tensor(told.targets[0], device=device)[:, None]
    groups = folded.to(device)
    alike = groups[None, :] == groups[wanted]  # (tokens, known ids)
    layers = [_weights(layer.encoder_attn, query[:, first:], heard) for layer, query in queries]
    return Thoughts(
        chances.gather(1, wanted)[:, 0].cpu().numpy(),
        (chances[:, : len(groups)] * alike).sum(dim=-1).cpu().numpy(),
        likeliest.indices.cpu().numpy(),
        likeliest.values.cpu().numpy(),
        torch.stack(layers).cpu().numpy(),
    )


@contextmanager
def _watched(decoder: nn.Module) -> Iterator[list[tuple[Any, Tensor]]]:
    """Collect every layer of a decoder with what enters its cross-attention."""
    queries: list[tuple[Any, Tensor]] = []

    def catch(layer: nn.Module, hidden: Tensor) -> None:
        queries.append((layer, hidden))

    with ExitStack() as hooks:
        for layer in decoder.layers:  # type: ignore[union-attr]
            norm = layer.encoder_attn_layer_norm
            hooks.callback(norm.register_forward_hook(lambda _, __, out, layer=layer: catch(layer, out)).remove)
        yield queries


def _weights(attention: Any, hidden: Tensor, heard: Tensor) -> Tensor:  # noqa: ANN401 - transformers' own class
    """Compute cross-attention weights, shape (heads, tokens, positions), in the order transformers computes them."""

    def by_head(states: Tensor) -> Tensor:
        return states.view(1, -1, attention.num_heads, attention.head_dim).transpose(1, 2)

    query = by_head(attention.q_proj(hidden) * attention.scaling)
    key = by_head(attention.k_proj(heard))
    return (query @ key.transpose(2, 3)).softmax(dim=-1)[0]
