"""The greedy loop: log-mel features → token ids, one step of the decoder for all clips of a batch at a time.

``generate`` of transformers pads every input to 30 s and returns at the end. This loop gives the same tokens, also
takes a window cut to the clip, yields after every step, and drops finished clips from the batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import gelu
from transformers import DynamicCache, EncoderDecoderCache, WhisperForConditionalGeneration

from explorer.transcription.decoding import FRAMES_PER_POSITION, Halt


@dataclass(frozen=True)
class TokenRules:
    """What a Whisper starts with, ends with and must not say.

    Attributes:
        prompt: ids before the first word.
        end: id of ``<|endoftext|>``.
        suppressed: ids never chosen.
        suppressed_first: ids not chosen as the first.
    """

    prompt: tuple[int, ...]
    end: int
    suppressed: tuple[int, ...]
    suppressed_first: tuple[int, ...]


def encode(model: WhisperForConditionalGeneration, features: Tensor, halt: Halt) -> Tensor:
    """Run the encoder on a window of any length up to 30 s.

    transformers' own forward refuses windows other than 30 s; the layers do not mind.

    Args:
        model: a Whisper.
        features: log-mel, shape (batch, mel bins, frames), two frames a position.
        halt: asked before every layer: of eight clips of 30 s one layer takes a CPU half a second and more.

    Returns:
        Shape (batch, positions, width).

    Raises:
        InterruptedDecodingError: ``halt`` said so.
    """
    encoder = model.model.encoder
    hidden = gelu(encoder.conv1(features))
    hidden = gelu(encoder.conv2(hidden)).permute(0, 2, 1)
    hidden = hidden + encoder.embed_positions.weight[: features.shape[-1] // FRAMES_PER_POSITION]
    for layer in encoder.layers:
        halt.check()
        hidden = layer(hidden, None)
    return encoder.layer_norm(hidden)  # type: ignore[no-any-return]


@torch.inference_mode()
def greedy(
    model: WhisperForConditionalGeneration, features: Tensor, rules: TokenRules, limits: Sequence[int], halt: Halt
) -> Iterator[list[list[int]]]:
    """Decode a batch, yielding all rows' tokens so far after every step.

    Args:
        model: a Whisper in evaluation mode.
        features: log-mel on the model's device, shape (batch, mel bins, frames).
        rules: prompt, end and suppressed tokens.
        limits: most new tokens of each row.
        halt: asked before every layer of the encoder and every step of the decoder.

    Yields:
        New tokens of every row; a finished row ends with ``rules.end`` or has as many tokens as its limit.

    Raises:
        InterruptedDecodingError: ``halt`` said so.
    """
    halt.check()
    hidden = encode(model, features, halt)
    cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
    rows: list[list[int]] = [[] for _ in limits]
    active = list(range(len(limits)))
    device = features.device
    never, never_first = (
        torch.tensor(ids, dtype=torch.long, device=device) for ids in (rules.suppressed, rules.suppressed_first)
    )
    tokens = torch.tensor([rules.prompt] * len(rows), device=device)
    while active:
        halt.check()
        output = model.model.decoder(tokens, encoder_hidden_states=hidden, past_key_values=cache, use_cache=True)
        scores = model.proj_out(output.last_hidden_state[:, -1])  # (batch, vocabulary)
        scores[:, never] = -torch.inf
        if not rows[active[0]]:
            scores[:, never_first] = -torch.inf
        chosen = scores.argmax(dim=-1)
        going = []
        for place, (row, token) in enumerate(zip(active, chosen.tolist(), strict=True)):
            rows[row].append(token)
            if token != rules.end and len(rows[row]) < limits[row]:
                going.append(place)
        yield [list(row) for row in rows]
        if len(going) < len(active):
            kept = torch.tensor(going, dtype=torch.long, device=device)
            active, chosen, hidden = [active[place] for place in going], chosen[kept], hidden[kept]
            if going:
                cache.batch_select_indices(kept)
        tokens = chosen[:, None]
