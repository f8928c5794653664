"""A name for weights: 16 hexadecimal digits that depend on every tensor's name, shape and float32 values.

It is the same for a folder on disk and for a model in memory, whatever the files' layout and precision, and stands
beside every number and in every key under which something heard is remembered.
"""

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def array_digest(values: NDArray[np.float32]) -> str:
    """Hash one tensor: SHA-256 over its shape and float32 bytes."""
    digest = hashlib.sha256(str(values.shape).encode())
    digest.update(np.ascontiguousarray(values, dtype="<f4").data)
    return digest.hexdigest()


def fingerprint(digests: Mapping[str, str]) -> str:
    """Combine tensors' hashes into 16 hexadecimal digits that name the weights.

    Args:
        digests: parameter name → ``array_digest``, without the tied output projection.
    """
    lines = "\n".join(f"{name} {digests[name]}" for name in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
