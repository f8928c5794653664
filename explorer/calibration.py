"""Let M1 and M2 hear clips and gather the Gram matrices of every linear layer's inputs, for RegMean."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor, nn

from explorer.audio import load_clip
from explorer.bench import Bench
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError, RecipeError
from explorer.live_model import Network
from explorer.merging.grams import Grams, grams_path, save_grams
from explorer.transcription.decoding import WINDOW_SECONDS, Decoding


@contextmanager
def gathering(network: Network) -> Iterator[dict[str, Tensor]]:
    """Sum up XᵀX of every linear layer's inputs while the block runs the network; afterwards they are means.

    Args:
        network: a Whisper; only inside the block does it gather.

    Yields:
        Name of a layer's weight → its matrix, float32, shape (inputs, inputs), divided by the number of positions at
        the end of the block. The projection to the vocabulary is left out: it is tied to the embeddings.
    """
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}

    def hook(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def gather(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            rows = inputs[0].reshape(-1, inputs[0].shape[-1])
            product = rows.T @ rows
            sums[name] = sums[name] + product if name in sums else product
            counts[name] = counts.get(name, 0) + len(rows)

        return gather

    layers = [(name, each) for name, each in network.named_modules() if isinstance(each, nn.Linear)]
    hooks = [each.register_forward_pre_hook(hook(f"{name}.weight")) for name, each in layers if name != "proj_out"]
    try:
        yield sums
    finally:
        for each in hooks:
            each.remove()
    for name, count in counts.items():
        sums[name] = sums[name] / count


def has_grams(bench: Bench, name: str) -> bool:
    """Say whether matrices of that name are kept for the triple."""
    return _path(bench, name).is_file()


def _path(bench: Bench, name: str) -> Path:
    return grams_path(bench.live.fingerprint("m1"), bench.live.fingerprint("m2"), name)


def gather_grams(
    bench: Bench,
    name: str,
    utterances: tuple[Sequence[Utterance], Sequence[Utterance]],
    decoding: Decoding,
    progress: Callable[[int], None],
) -> int:
    """Let M1 hear the first utterances and M2 the second, both told the reference, and keep the Gram matrices.

    Args:
        bench: the open triple.
        name: of the matrices, as recipes will carry it.
        utterances: for M1 and for M2; those over 30 s are left out.
        decoding: options.
        progress: called with 1 after every utterance.

    Returns:
        How many utterances were heard.

    Raises:
        RecipeError: the name is taken.
        CorpusError: no utterance of at most 30 s for one of the models.
        AudioError: a clip cannot be read.
    """
    path = _path(bench, name)
    if path.exists():
        raise RecipeError(f"name: {name!r} is taken for this triple; choose another.")
    found, heard = [], 0
    for member, chosen in zip(("m1", "m2"), utterances, strict=True):
        used = 0
        with bench.live.checkpoint("m1" if member == "m1" else "m2") as network, gathering(network) as sums:
            for utterance in chosen:
                clip = load_clip(utterance.path, utterance.id)
                if clip.seconds <= WINDOW_SECONDS:
                    bench.transcriber.forced(network, clip, utterance.reference, decoding)
                    used += 1
                progress(1)
        if not used:
            raise CorpusError(
                f"grams: no utterance of at most {WINDOW_SECONDS:g} s for {member.upper()}; choose others."
            )
        found.append({layer: tensor.cpu() for layer, tensor in sums.items()})
        heard += used
    save_grams(path, Grams(*found))
    return heard
