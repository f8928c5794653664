"""One layer of an encoder on a CPU, as plain functions over its weights."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers.models.whisper.modeling_whisper import WhisperEncoderLayer

from explorer.transcription.products import product, product_gelu, sum_product, weights_of

# Of attention's scores in 16 bits, what a processor's cache holds: one head of a window of 30 s.
_SCORES = 1_500 * 1_500


class EncoderLayer:
    """A layer whose products are oneDNN's; what transformers' module does, in two thirds to nine tenths of the time."""

    def __init__(self, layer: WhisperEncoderLayer, dtype: torch.dtype) -> None:
        """Take a layer's weights; in float32 nothing is copied.

        Args:
            layer: in evaluation mode; its weights stay as they are while this is in use.
            dtype: of the products; float32 or bfloat16. Sums and norms are float32.
        """
        own = layer.self_attn
        self._dtype, self._heads = dtype, own.num_heads
        self._query, self._key, self._value, self._out, self._widen, self._narrow = (
            weights_of(each, dtype) for each in (own.q_proj, own.k_proj, own.v_proj, own.out_proj, layer.fc1, layer.fc2)
        )
        self._norms = layer.self_attn_layer_norm, layer.final_layer_norm

    def __call__(self, hidden: Tensor) -> Tensor:
        """Shape (clips, positions, width) → the same, float32."""
        normed = self._norms[0](hidden).to(self._dtype)
        query, key, value = (
            product(normed, weights).view(*hidden.shape[:2], self._heads, -1).transpose(1, 2)
            for weights in (self._query, self._key, self._value)
        )
        attend = scaled_dot_product_attention if self._dtype == torch.float32 else _attend
        hidden = sum_product(hidden, attend(query, key, value).transpose(1, 2).flatten(2), self._out)
        normed = self._norms[1](hidden).to(self._dtype)
        return sum_product(hidden, product_gelu(normed, self._widen), self._narrow)


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attend in 16 bits, a few heads at a time; torch's own kernel computes in float32 on a CPU.

    Shape (clips, heads, positions, width of a head) → the same.
    """
    queries, keys, values = (each.flatten(0, 1) for each in (query * query.shape[-1] ** -0.5, key, value))
    attended = torch.empty_like(queries)
    count = max(1, _SCORES // queries.shape[1] ** 2)
    for start in range(0, len(queries), count):
        some = slice(start, start + count)
        scores = torch.bmm(queries[some], keys[some].transpose(1, 2))
        torch.bmm(scores.softmax(dim=-1), values[some], out=attended[some])
    return attended.view(query.shape)
