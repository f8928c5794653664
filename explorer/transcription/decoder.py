"""One step of the decoder as plain functions over a model's weights, for rows that began at different times.

transformers' modules and its growing cache take more of a CPU than the products of a small Whisper do, and a row that
has ended still waits for the longest. Here rows come and go: those that were encoded together form a *cohort*, which
keeps its own keys and values and walks in step, so that nothing is ever masked or padded; attention is a cohort's own,
everything else is one product over the rows of all cohorts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, scaled_dot_product_attention
from transformers import WhisperForConditionalGeneration
from transformers.models.whisper.modeling_whisper import WhisperAttention

from explorer.transcription.products import Weights, product, product_gelu, sum_product, weights_of
from explorer.transcription.screen import Ban, best, screen_of


@dataclass(frozen=True)
class _Attention:
    """Weights of one attention; a key has no bias."""

    query: Weights
    key: Weights
    value: Weights
    out: Weights
    heads: int

    @property
    def scale(self) -> float:
        """Return what a query is multiplied with, before its product with keys, as Whisper has it."""
        return float((self.query[0].shape[0] // self.heads) ** -0.5)

    def split(self, rows: Tensor) -> Tensor:
        """Shape (rows, positions, width) → (rows, heads, positions, width of a head)."""
        return rows.view(*rows.shape[:2], self.heads, -1).transpose(1, 2)


@dataclass(frozen=True)
class _Layer:
    own: _Attention
    cross: _Attention
    widen: Weights
    narrow: Weights
    norms: tuple[nn.LayerNorm, nn.LayerNorm, nn.LayerNorm]


class Cohort:
    """Rows that were encoded together: of every layer, keys and values of what was said and of what is heard.

    Attributes:
        rows: whose they are; a row that has ended gives its place to the last.
        length: tokens taken in so far, the same for all rows.
    """

    def __init__(self, decoder: "Decoder", rows: Sequence[int], hidden: Tensor, longest: int) -> None:
        """Compute keys and values of what is heard, once.

        Args:
            decoder: of the model.
            rows: numbers of the rows.
            hidden: of the encoder, shape (rows, positions, width).
            longest: most tokens that any row will take in, the prompt's among them.
        """
        self.rows = list(rows)
        self.length = 0
        self._heard, self._said = [], []
        for layer in decoder.layers:
            keys, values = (
                layer.cross.split(product(hidden, weights)).contiguous()
                for weights in (layer.cross.key, layer.cross.value)
            )
            self._heard.append((keys, values))
            empty = keys.new_empty(keys.shape[0], keys.shape[1], longest, keys.shape[3])
            self._said.append((empty, torch.empty_like(empty)))

    def own(self, number: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Attend to what was said, this token included; shapes (rows, heads, 1, width of a head)."""
        count, now = len(self.rows), self.length
        keys, values = self._said[number]
        keys[:count, :, now : now + 1] = key
        values[:count, :, now : now + 1] = value
        past = keys[:count, :, : now + 1], values[:count, :, : now + 1]
        return scaled_dot_product_attention(query, *past, scale=1.0)

    def cross(self, number: int, query: Tensor) -> Tensor:
        """Attend to what is heard."""
        keys, values = (each[: len(self.rows)] for each in self._heard[number])
        return scaled_dot_product_attention(query, keys, values, scale=1.0)

    def drop(self, place: int) -> None:
        """Let a row go; the last row takes its place."""
        last = len(self.rows) - 1
        if place != last:
            for keys, values in (*self._heard, *self._said):
                keys[place], values[place] = keys[last], values[last]
            self.rows[place] = self.rows[last]
        self.rows.pop()


class Decoder:
    """A model's decoder, ready to step.

    Attributes:
        dtype: of the products.
        layers: lowest first.
    """

    def __init__(self, model: WhisperForConditionalGeneration, dtype: torch.dtype, rows: int) -> None:
        """Take a model's weights; in float32 nothing is copied but for what screens the vocabulary.

        Args:
            model: a Whisper whose weights stay as they are while this is in use.
            dtype: of the products.
            rows: to be decoded, all in all.
        """
        decoder = model.model.decoder
        self.dtype = dtype

        def attention(module: WhisperAttention) -> _Attention:
            query, key, value, out = (
                weights_of(each, dtype) for each in (module.q_proj, module.k_proj, module.v_proj, module.out_proj)
            )
            return _Attention(query, key, value, out, module.num_heads)

        self.layers = [
            _Layer(
                attention(layer.self_attn),
                attention(layer.encoder_attn),
                weights_of(layer.fc1, dtype),
                weights_of(layer.fc2, dtype),
                (layer.self_attn_layer_norm, layer.encoder_attn_layer_norm, layer.final_layer_norm),
            )
            for layer in decoder.layers
        ]
        self._tokens, self._positions = decoder.embed_tokens.weight, decoder.embed_positions.weight
        self._norm = decoder.layer_norm
        self._vocabulary = model.proj_out.weight.to(dtype)
        self._screen = screen_of(self._vocabulary, rows)

    def step(self, tokens: Tensor, cohorts: Sequence[Cohort]) -> Tensor:
        """Take in one token of every row.

        Args:
            tokens: of the rows of all cohorts, one cohort after the other; shape (rows,).
            cohorts: with at least one row each; they grow by this token.

        Returns:
            Hidden states, shape (rows, width).
        """
        sizes = [len(cohort.rows) for cohort in cohorts]
        places = [position for cohort in cohorts for position in [cohort.length] * len(cohort.rows)]
        hidden = self._tokens[tokens] + self._positions[torch.tensor(places, device=tokens.device)]
        for number, layer in enumerate(self.layers):
            normed = _normed(hidden, layer.norms[0])
            query, key, value = (
                product(normed, weights) for weights in (layer.own.query, layer.own.key, layer.own.value)
            )
            parts = [
                torch.split(layer.own.split(each[:, None]), sizes) for each in (query * layer.own.scale, key, value)
            ]
            attended = [cohort.own(number, *part) for cohort, *part in zip(cohorts, *parts, strict=True)]
            hidden = sum_product(hidden, _joined(attended), layer.own.out)

            query = product(_normed(hidden, layer.norms[1]), layer.cross.query) * layer.cross.scale
            queries = torch.split(layer.cross.split(query[:, None]), sizes)
            attended = [cohort.cross(number, part) for cohort, part in zip(cohorts, queries, strict=True)]
            hidden = sum_product(hidden, _joined(attended), layer.cross.out)

            normed = _normed(hidden, layer.norms[2])
            hidden = sum_product(hidden, product_gelu(normed, layer.widen), layer.narrow)
        for cohort in cohorts:
            cohort.length += 1
        return _normed(hidden, self._norm)

    def best(self, hidden: Tensor, ban: Ban) -> list[int]:
        """Return the most likely token of each row; ``ban`` gives what must not be said the score −∞, in place."""
        if self._screen is not None:
            return self._screen.best(hidden, ban)
        return best(hidden, self._vocabulary, ban)


def _normed(hidden: Tensor, norm: nn.LayerNorm) -> Tensor:
    return layer_norm(hidden, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def _joined(attended: Sequence[Tensor]) -> Tensor:
    """Shapes (rows, heads, 1, width of a head) → (all rows, width)."""
    return torch.cat([each.flatten(1) for each in attended])
