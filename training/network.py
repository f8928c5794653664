"""The network that learns: which of its tensors may change, and its loss on a batch."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import WhisperForConditionalGeneration

from explorer.checkpoints.triple import build_model
from explorer.checkpoints.weights import Weights
from explorer.transcription.decoding import Halt
from explorer.transcription.encoder import encode
from training.batches import IGNORED, Batch

# Token and position embeddings and the convolutional stem: M0, M1 and M2 share them.
FROZEN = ("embed_tokens", "embed_positions", ".conv1.", ".conv2.")


def is_frozen(name: str) -> bool:
    """Say whether a tensor stays the base's own."""
    return any(part in name for part in FROZEN)


def learning_network(config: dict[str, Any], base: Weights, dropout: float) -> WhisperForConditionalGeneration:
    """Make a network that starts as the base.

    Args:
        config: of the base.
        base: its weights; those that learn are copied.
        dropout: after every sublayer, 0 to 1.
    """
    copies = {name: tensor if is_frozen(name) else tensor.clone() for name, tensor in base.items()}
    model = build_model({**config, "dropout": dropout}, copies)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in base and not is_frozen(name))
    return model


def learned(model: WhisperForConditionalGeneration) -> dict[str, torch.nn.Parameter]:
    """Return the tensors that learn, by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def token_loss(model: WhisperForConditionalGeneration, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of the tokens to say, in nats; a scalar."""
    hidden = encode(model, batch.features, Halt())
    # Padding stands at the right, where the causal mask hides it; no other mask is needed.
    decoded = model.model.decoder(batch.inputs, encoder_hidden_states=hidden, use_cache=False).last_hidden_state
    said = batch.targets != IGNORED
    # Only positions that count go through the output projection, which is half of the decoder's work.
    return cross_entropy(model.proj_out(decoded[said]).float(), batch.targets[said])
