"""One step of the decoder as plain functions over a model's weights, for rows that began at different times.

transformers' modules and its growing cache take more of a CPU than the products of a small Whisper do, and a row that
has ended still waits for the longest. Here rows come and go: those that were encoded together form a *cohort*, which
keeps its own keys and values; attention is a cohort's own, everything else is one product over the tokens of all
cohorts. A step takes in one token of each row, or several where it is guessed what follows; only then, rows of a cohort
may have said more or less than each other, and what one has not said is masked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm
from transformers import WhisperForConditionalGeneration
from transformers.models.whisper.modeling_whisper import WhisperAttention

from explorer.kept import Kept
from explorer.transcription.cohort import Cohort
from explorer.transcription.products import Weights, product, product_gelu, sum_product, weights_of
from explorer.transcription.screen import Ban, best, copied, screen_of


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


class Decoder:
    """A model's decoder, ready to step.

    Attributes:
        dtype: of the products.
        layers: lowest first.
        weight: of a token in a step: layers × width².
    """

    def __init__(
        self,
        model: WhisperForConditionalGeneration,
        dtype: torch.dtype,
        rows: int,
        kept: Kept | None = None,
        vocabulary: str | None = None,
        *,
        guessed: bool = False,
    ) -> None:
        """Take a model's weights; in float32 nothing is copied but for what screens the vocabulary.

        Args:
            model: a Whisper whose weights stay as they are while this is in use.
            dtype: of the products.
            rows: to be decoded, all in all.
            kept: a memory for the vocabulary in other types; None: there is none.
            vocabulary: fingerprint of its matrix; None: not known, and nothing is kept.
            guessed: whether steps take in what is guessed to follow.
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
        self.weight = len(self.layers) * int(model.config.d_model) ** 2
        self._tokens, self._positions = decoder.embed_tokens.weight, decoder.embed_positions.weight
        self._norm = decoder.layer_norm
        matrix = model.proj_out.weight
        self._vocabulary = matrix if dtype == matrix.dtype else copied(matrix, dtype, kept, vocabulary)
        self._screen = screen_of(self._vocabulary, rows, kept, vocabulary, guessed=guessed)

    def begin(self, rows: Sequence[int], hidden: Tensor, longest: int) -> Cohort:
        """Compute keys and values of what is heard, once.

        Args:
            rows: numbers of the rows.
            hidden: of the encoder, shape (rows, positions, width).
            longest: most tokens of a row, the prompt's and the last, which is not taken in, among them.
        """
        heard, said = [], []
        for layer in self.layers:
            keys, values = (
                layer.cross.split(product(hidden, weights)).contiguous()
                for weights in (layer.cross.key, layer.cross.value)
            )
            heard.append((keys, values))
            # Zeros, for what is masked is still multiplied, with zero, and must be a number.
            empty = keys.new_zeros(keys.shape[0], keys.shape[1], longest, keys.shape[3])
            said.append((empty, torch.zeros_like(empty)))
        return Cohort(list(rows), [0] * len(rows), heard, said)

    def step(self, tokens: Tensor, cohorts: Sequence[Cohort], counts: Sequence[int]) -> Tensor:
        """Take in tokens of every row; how many of them stay, which the cohorts' lengths say, is for the caller to see.

        Args:
            tokens: of one cohort after the other, in it of one row after the other; shape (tokens,).
            cohorts: with at least one row each.
            counts: how many tokens a row of each cohort takes in.

        Returns:
            Hidden states, shape (tokens, width).
        """
        sizes = [len(cohort.rows) * count for cohort, count in zip(cohorts, counts, strict=True)]
        places = [cohort.places(count) for cohort, count in zip(cohorts, counts, strict=True)]
        listed = [place for each in places for row in each.listed for place in row]

        def parted(rows: Tensor, attention: _Attention) -> list[Tensor]:
            parts = zip(torch.split(rows, sizes), counts, strict=True)
            return [attention.split(part.view(-1, count, part.shape[-1])) for part, count in parts]

        hidden = self._tokens[tokens] + self._positions[torch.tensor(listed, device=tokens.device)]
        for number, layer in enumerate(self.layers):
            normed = _normed(hidden, layer.norms[0])
            query, key, value = (
                product(normed, weights) for weights in (layer.own.query, layer.own.key, layer.own.value)
            )
            parts = [parted(each, layer.own) for each in (query * layer.own.scale, key, value)]
            attended = [cohort.own(number, *part) for cohort, *part in zip(cohorts, *parts, places, strict=True)]
            hidden = sum_product(hidden, _joined(attended), layer.own.out)

            query = product(_normed(hidden, layer.norms[1]), layer.cross.query) * layer.cross.scale
            queries = parted(query, layer.cross)
            attended = [cohort.cross(number, part) for cohort, part in zip(cohorts, queries, strict=True)]
            hidden = sum_product(hidden, _joined(attended), layer.cross.out)

            normed = _normed(hidden, layer.norms[2])
            hidden = sum_product(hidden, product_gelu(normed, layer.widen), layer.narrow)
        return _normed(hidden, self._norm)

    def best(self, hidden: Tensor, ban: Ban) -> list[int]:
        """Return the most likely token of each row; ``ban`` gives what must not be said the score −∞, in place."""
        if self._screen is not None:
            return self._screen.best(hidden, ban)
        return best(hidden, self._vocabulary, ban)


def _normed(hidden: Tensor, norm: nn.LayerNorm) -> Tensor:
    return layer_norm(hidden, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def _joined(attended: Sequence[Tensor]) -> Tensor:
    """Shapes (rows, heads, tokens, width of a head) → (all tokens, width)."""
    return torch.cat([each.transpose(1, 2).flatten(2).flatten(0, 1) for each in attended])
