"""The encoder: log-mel features → hidden states, on a window of any length up to 30 s."""

from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import gelu
from transformers import WhisperForConditionalGeneration
from transformers.models.whisper.modeling_whisper import WhisperEncoder, WhisperEncoderLayer

from explorer.kept import Kept
from explorer.transcription.decoding import FRAMES_PER_POSITION, Halt
from explorer.transcription.encoder_layer import EncoderLayer

Seen = Callable[[int, Tensor], None]
# Of the encoder, that a layer of a CPU takes in at once: two windows of 30 s. What it makes of more on its way, four
# times as wide, falls out of the processor's cache: eight windows at once take a sixth longer than two by two.
_POSITIONS = 3_000


def encode(
    model: WhisperForConditionalGeneration,
    features: Tensor,
    halt: Halt,
    begun: tuple[int, Tensor] | None = None,
    seen: Seen | None = None,
    modules: bool = False,
) -> Tensor:
    """Run the encoder on a window of any length up to 30 s.

    transformers' own forward refuses windows other than 30 s; the layers do not mind.

    Args:
        model: a Whisper.
        features: log-mel, shape (batch, mel bins, frames), two frames a position.
        halt: asked before every layer, on a CPU before every two windows of 30 s in it.
        begun: a number of layers, and what these made of the features already, shape (batch, positions, width); of
            no layer: what the convolutions before them made.
        seen: told what was made on the way: ``seen(layers, hidden)``, first of no layer.
        modules: run the layers' modules, for hooks that listen at them; otherwise a CPU, where no gradient is asked
            for, takes a faster way to the same.

    Returns:
        Shape (batch, positions, width).

    Raises:
        InterruptedDecodingError: ``halt`` said so.
    """
    encoder = model.model.encoder
    done, hidden = begun or (0, _stem(encoder, features))
    if seen is not None and begun is None:
        seen(0, hidden)
    for layer in range(done, len(encoder.layers)):
        hidden = through(encoder.layers[layer], hidden, halt, modules)
        if seen is not None:
            seen(layer + 1, hidden)
    return encoder.layer_norm(hidden)  # type: ignore[no-any-return]


def through(layer: WhisperEncoderLayer, hidden: Tensor, halt: Halt, modules: bool = False) -> Tensor:
    """Run one layer of the encoder; arguments and errors as ``encode`` has them, shapes (batch, positions, width)."""
    halt.check()
    if hidden.device.type != "cpu":
        return layer(hidden, None)  # type: ignore[no-any-return]

    def each(work: Callable[[Tensor], Tensor]) -> Tensor:
        first, *rest = torch.split(hidden, max(1, _POSITIONS // hidden.shape[1]))
        done = [work(first)]
        for piece in rest:
            halt.check()
            done.append(work(piece))
        return torch.cat(done) if rest else done[0]

    if modules or torch.is_grad_enabled():
        return each(lambda piece: layer(piece, None))
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else torch.float32
    with torch.autocast("cpu", enabled=False):
        return each(EncoderLayer(layer, dtype))


def _stem(encoder: WhisperEncoder, features: Tensor) -> Tensor:
    hidden = gelu(encoder.conv1(features))
    hidden = gelu(encoder.conv2(hidden)).permute(0, 2, 1)
    # What follows reads a position at a time.
    return hidden.contiguous() + encoder.embed_positions.weight[: features.shape[-1] // FRAMES_PER_POSITION]


def autocast(model: WhisperForConditionalGeneration, dtype: torch.dtype) -> torch.autocast:
    """Return the context in which products are of ``dtype`` and sums float32; for float32 it does nothing."""
    return torch.autocast(model.device.type, dtype, enabled=dtype != torch.float32, cache_enabled=False)


def recalled(
    kept: Kept,
    prints: Sequence[str],
    slots: Sequence[Hashable],
    compute: Callable[[Sequence[int], tuple[int, Tensor] | None, Seen | None], Tensor],
) -> Tensor:
    """Recall what an encoder made of clips of one window; only what is not known is computed.

    Args:
        kept: the memory.
        prints: fingerprint of the whole encoder; before it, if that is worth the room, of its convolutions, and of
            what goes up to each layer, the last one aside: what these made of the clips is kept too, and what comes
            before the first change is not computed again.
        slots: one for each clip, its window and the precision.
        compute: places in ``slots``, ``begun`` and ``seen`` → what ``encode`` makes of these clips.
    """
    *parts, whole = prints
    known = {place: kept.find(slot, whole) for place, slot in enumerate(slots)}
    found = {place: hidden for place, hidden in known.items() if isinstance(hidden, Tensor)}
    missing = [place for place in known if place not in found]

    def keep(layers: int, hidden: Tensor) -> None:
        if layers < len(parts):
            for place, each in zip(missing, hidden, strict=True):
                kept.keep((slots[place], layers), parts[layers], each.clone())

    if missing:
        begun = _begun(kept, parts, [slots[place] for place in missing])
        for place, hidden in zip(missing, compute(missing, begun, keep if parts else None), strict=True):
            found[place] = hidden
            kept.keep(slots[place], whole, hidden.clone())  # not a view: it would keep the whole batch alive
    return torch.stack([found[place] for place in known])


def _begun(kept: Kept, parts: Sequence[str], slots: Sequence[Hashable]) -> tuple[int, Tensor] | None:
    """Find the most layers whose output is known for all clips."""
    for layers in reversed(range(len(parts))):
        held = [kept.find((slot, layers), parts[layers]) for slot in slots]
        tensors = [each for each in held if isinstance(each, Tensor)]
        if len(tensors) == len(slots):
            return layers, torch.stack(tensors)
    return None
