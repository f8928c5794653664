"""How well a model expects what was said: told the words so far, what does it give the next one?

A network is walked layer by layer, through transformers' own modules. What goes into each layer is kept under a key
made of everything below it, so a move of the hand computes only what lies above the lowest layer it changed: with the
encoder left alone its output is used again, and so are the keys and values that cross-attention makes of it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu
from transformers import DynamicCache, EncoderDecoderCache
from transformers.masking_utils import create_causal_mask

from explorer.attention import makes_cross_states, section_of
from explorer.layer_cache import LayerCache
from explorer.live_model import Network
from explorer.transcription.decoding import FRAMES_PER_POSITION, Halt
from explorer.transcription.encoder import through
from explorer.transcription.told import Told

_ROWS = 128  # scores over the whole vocabulary are computed for so many tokens at a time


@dataclass(frozen=True)
class Expectation:
    """How well one model expects one clip's reference, token by token; the last token is the end.

    Attributes:
        losses: negative log-likelihood of each token in nats, given the sound and all tokens before it.
        right: whether each token is the model's own first choice there.
    """

    losses: tuple[float, ...]
    right: tuple[bool, ...]


def weights_key(made: Mapping[str, str]) -> str:
    """Name a model's weights by what determines them, see ``LiveModel.made``."""
    return _hash(*(f"{name} {made[name]}" for name in sorted(made)))


@torch.inference_mode()
def expectations(
    network: Network, made: Mapping[str, str], told: Told, cache: LayerCache, halt: Halt, *, keep: bool = True
) -> tuple[Expectation, ...]:
    """Tell a model what was said in clips of one window, and see how well it expects each token.

    Args:
        network: M0, M1, M2 or a merge.
        made: what determines its tensors where they are not M1's.
        told: clips and references.
        cache: of this triple; what it has is not computed again.
        halt: asked before every layer.
        keep: whether what is computed here is put into the cache.

    Returns:
        One for each clip.

    Raises:
        InterruptedDecodingError: ``halt`` said so; what was computed by then is kept.
    """
    return _Walk(network, _Keys(made), told, cache, halt, keep).walk()


class _Keys:
    """Names for what goes into each section of a network."""

    def __init__(self, made: Mapping[str, str]) -> None:
        self._sections: dict[str, list[str]] = {}
        for name in sorted(made):
            stated = f"{name} {made[name]}"
            self._sections.setdefault(section_of(name), []).append(stated)
            if makes_cross_states(name):
                self._sections.setdefault(section_of(name).replace("decoder", "cross"), []).append(stated)

    def after(self, before: str, section: str) -> str:
        """Name what comes out of a section when ``before`` went in."""
        return _hash(before, section, *self._sections.get(section, ()))


class _Walk:
    def __init__(self, network: Network, keys: _Keys, told: Told, cache: LayerCache, halt: Halt, keep: bool) -> None:
        self._encoder, self._decoder = network.model.encoder, network.model.decoder
        self._project = network.proj_out
        self._device = network.device
        self._told, self._cache, self._halt, self._keep = told, cache, halt, keep
        self._keys = keys
        steps = [f"encoder.{index}" for index in range(len(self._encoder.layers))]
        self._encoder_keys = [keys.after(told.key, "encoder.stem")]
        for step in steps:
            self._encoder_keys.append(keys.after(self._encoder_keys[-1], step))
        self._sound_key = keys.after(self._encoder_keys[-1], "encoder.norm")
        self._decoder_keys = [keys.after(self._sound_key, "decoder.stem")]
        for index in range(len(self._decoder.layers)):
            self._decoder_keys.append(keys.after(self._decoder_keys[-1], f"decoder.{index}"))
        self._sound: Tensor | None = None

    def walk(self) -> tuple[Expectation, ...]:
        known, hidden = self._highest(self._decoder_keys)
        if hidden is None:
            tokens = self._told.tokens.to(self._device)
            positions = self._decoder.embed_positions.weight[: tokens.shape[1]]
            hidden = self._put(self._decoder_keys[0], self._decoder.embed_tokens(tokens) + positions)
        for index in range(known, len(self._decoder.layers)):
            self._halt.check()
            hidden = self._put(self._decoder_keys[index + 1], self._decoder_layer(index, hidden))
        return self._scored(self._decoder.layer_norm(hidden))

    def _decoder_layer(self, index: int, hidden: Tensor) -> Tensor:
        layer = self._decoder.layers[index]
        key = self._keys.after(self._sound_key, f"cross.{index}")
        states = self._cache.get(key)
        passing = EncoderDecoderCache(DynamicCache(), DynamicCache())
        if states is not None:
            passing.cross_attention_cache.update(states[0], states[1], index)
            passing.is_updated[index] = True
        # With its keys and values given, cross-attention takes nothing from the sound but that there is one.
        sound = self._heard() if states is None else hidden
        mask = create_causal_mask(
            config=self._decoder.config,
            inputs_embeds=hidden,
            attention_mask=None,
            past_key_values=None,
            position_ids=None,
        )
        out: Tensor = layer(hidden, mask, sound, past_key_values=passing, use_cache=True)
        if states is None and self._keep:
            made: Any = passing.cross_attention_cache.layers[index]
            self._cache.put(key, made.keys, made.values)
        return out

    def _heard(self) -> Tensor:
        """Return what the encoder makes of the sound, from the highest layer whose input is known."""
        if self._sound is None:
            kept = self._cache.get(self._sound_key)
            self._sound = self._encoded() if kept is None else kept[0]
        return self._sound

    def _encoded(self) -> Tensor:
        encoder = self._encoder
        known, hidden = self._highest(self._encoder_keys)
        if hidden is None:
            features = self._told.features.to(self._device)
            stem = gelu(encoder.conv2(gelu(encoder.conv1(features)))).permute(0, 2, 1)
            hidden = stem + encoder.embed_positions.weight[: features.shape[-1] // FRAMES_PER_POSITION]
            hidden = self._put(self._encoder_keys[0], hidden)
        for index in range(known, len(encoder.layers)):
            made = through(encoder.layers[index], hidden, self._halt, modules=True)
            hidden = self._put(self._encoder_keys[index + 1], made)
        return self._put(self._sound_key, encoder.layer_norm(hidden))

    def _highest(self, keys: list[str]) -> tuple[int, Tensor | None]:
        for index in reversed(range(len(keys))):
            kept = self._cache.get(keys[index])
            if kept is not None:
                return index, kept[0]
        return 0, None

    def _put(self, key: str, tensor: Tensor) -> Tensor:
        if self._keep:
            self._cache.put(key, tensor)
        return tensor

    def _scored(self, hidden: Tensor) -> tuple[Expectation, ...]:
        told, first = self._told, self._told.prompt - 1
        rows = torch.cat([row[first : first + len(ids)] for row, ids in zip(hidden, told.targets, strict=True)])
        wanted = torch.tensor([each for ids in told.targets for each in ids], device=self._device)
        losses: list[float] = []
        right: list[bool] = []
        for start in range(0, len(wanted), _ROWS):
            self._halt.check()
            ids = wanted[start : start + _ROWS]
            scores = self._project(rows[start : start + _ROWS])
            losses += (scores.logsumexp(dim=-1) - scores.gather(1, ids[:, None])[:, 0]).tolist()
            right += (scores.argmax(dim=-1) == ids).tolist()
        found, begin = [], 0
        for expected in told.targets:
            end = begin + len(expected)
            found.append(Expectation(tuple(losses[begin:end]), tuple(right[begin:end])))
            begin = end
        return tuple(found)


def _hash(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
