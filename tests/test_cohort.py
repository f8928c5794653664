"""Attention of rows that were encoded together."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from explorer.transcription.cohort import Cohort


@pytest.mark.parametrize("tokens", [1, 5])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
def test_what_is_heard_is_attended_to_as_torch_does(dtype, near, tokens):
    """Three rows have begun, one of them has ended: its place is nobody's."""
    generator = torch.Generator().manual_seed(0)
    query, keys, values = (torch.randn(3, 4, count, 16, generator=generator) for count in (tokens, 90, 90))
    cohort = Cohort([7, 8], [0, 0], [(keys.to(dtype), values.to(dtype))], [])
    found = cohort.cross(0, query[:2].to(dtype))
    assert found.dtype == dtype
    expected = scaled_dot_product_attention(query[:2], keys[:2], values[:2], scale=1.0)
    torch.testing.assert_close(found.float(), expected, atol=near * float(expected.abs().max()), rtol=0)
