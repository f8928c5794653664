"""Products with a model's matrices; on a CPU by oneDNN, which does what comes after them in the same pass.

torch multiplies float32 with another library there. For the shapes of a Whisper oneDNN is a tenth faster, more where
gelu or a sum follows, which would read and write everything once more.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, linear

_FEW = 200  # rows; for fewer, oneDNN's preparations take longer than it gains

# Of a linear layer: the matrix, shape (outputs, inputs), and the bias, shape (outputs,), if there is one.
Weights = tuple[Tensor, Tensor | None]


def weights_of(module: nn.Linear, dtype: torch.dtype) -> Weights:
    """Return the weights of a linear layer, as they are or as copies of another type."""
    return module.weight.to(dtype), module.bias if module.bias is None else module.bias.to(dtype)


def product(rows: Tensor, weights: Weights) -> Tensor:
    """Return rows · matrixᵀ + bias; shape (…, inputs) → (…, outputs), of the matrix's type."""
    rows = rows.to(weights[0].dtype)
    if not _is_onednn(rows):
        return linear(rows, *weights)
    return torch.ops.mkldnn._linear_pointwise(rows, *weights, "none", [], "")  # type: ignore[no-any-return]


def product_gelu(rows: Tensor, weights: Weights) -> Tensor:
    """Return gelu(rows · matrixᵀ + bias), the exact gelu; shapes and type as ``product`` has them."""
    rows = rows.to(weights[0].dtype)
    if not _is_onednn(rows):
        return gelu(linear(rows, *weights))
    return torch.ops.mkldnn._linear_pointwise(rows, *weights, "gelu", [], "none")  # type: ignore[no-any-return]


def sum_product(before: Tensor, rows: Tensor, weights: Weights) -> Tensor:
    """Return before + rows · matrixᵀ + bias; ``before`` has the result's shape, and its type if that is the wider."""
    if before.dtype != weights[0].dtype or not _is_onednn(rows):
        return before + product(rows, weights)
    return torch.ops.mkldnn._linear_pointwise.binary(rows, before, *weights, "add")  # type: ignore[no-any-return]


def _is_onednn(rows: Tensor) -> bool:
    # The operators to which torch.compile turns a linear layer and what follows; without oneDNN there are none.
    if rows.device.type != "cpu" or torch.is_grad_enabled() or rows.numel() < _FEW * rows.shape[-1]:
        return False
    if not (torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled):  # type: ignore[no-untyped-call]
        return False
    if rows.dtype == torch.bfloat16:  # which oneDNN has for some processors only, torch for all
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return rows.dtype == torch.float32
