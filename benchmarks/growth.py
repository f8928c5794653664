"""How cost grows with clips and with the model: the exponent, and where it breaks.

    python -m benchmarks.growth --corpus KIND:PATH [--clips 10,30,100,300,1000]
        [--layers 4,8,16] [--shapes 384x4,512x6,768x12]

Clips are decoded by M1 of the default triple, features included, in the window of the triple; layers are those of
random Whispers as wide as tiny.en, shapes those of tiny.en, base and small: they hear eight clips in windows of 30 s
and say 12 tokens each, for what weights say does not matter. Processor time of all threads, and the most memory that
the process has had so far. The exponent is between a row and the one before: 1 is as much again for as much more.
"""

import argparse
import math
import resource
import time
from pathlib import Path

import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

from benchmarks.merge_methods import ROOT
from benchmarks.timing import machine, report
from explorer.audio import Clip, load_clip
from explorer.bench import Bench
from explorer.checkpoints.base import terminal_progress
from explorer.config_file import read_config
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import SubsetSpec, choose
from explorer.heap import keep_freed_memory
from explorer.transcription.decoding import Decoding, Halt
from explorer.transcription.transcriber import Transcriber
from explorer.workbench import Workbench


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--clips", default="10,30,100,300,1000")
    parser.add_argument("--layers", default="4,8,16")
    parser.add_argument("--shapes", default="384x4,512x6,768x12")
    options = parser.parse_args()
    about = machine()  # before it is busy with this
    keep_freed_memory()  # as app and command line do
    workbench = Workbench(read_config(ROOT / "checkpoints.yaml"), "cpu")
    with terminal_progress() as progress:
        bench = workbench.bench(workbench.default_recipe().triple, progress)
    utterances = open_corpus(options.corpus, workbench.config.corpora).utterances
    rows: list[dict[str, object]] = []
    counts = [int(each) for each in options.clips.split(",")]
    clips = [load_clip(each.path) for each in choose(utterances, SubsetSpec(limit=max(counts))).utterances]
    with bench.live.checkpoint("m1") as model:
        heard(bench, model, clips[:4], Decoding(bench.spec.window))  # warm
        grown(rows, "clips", [(n, *heard(bench, model, clips[:n], Decoding(bench.spec.window))) for n in counts])
    depths = []
    for layers in map(int, options.layers.split(",")):
        depths.append((layers, *heard(bench, made(384, layers), clips[:8], Decoding("30", 12))))
    grown(rows, "layers", depths)
    sizes = []
    for shape in options.shapes.split(","):
        width, layers = (int(part) for part in shape.split("x"))
        model = made(width, layers)
        found = heard(bench, model, clips[:8], Decoding("30", 12))
        sizes.append((sum(each.numel() for each in model.parameters()), *found))
    grown(rows, "parameters", sizes)
    report("growth", {"machine": about, "clock": "processor time", "threads": torch.get_num_threads(), "rows": rows})


def heard(
    bench: Bench, model: WhisperForConditionalGeneration, clips: list[Clip], decoding: Decoding
) -> tuple[float, float]:
    """Return the seconds that hearing clips takes, nothing remembered, and the most memory so far, in megabytes."""
    transcriber = Transcriber(Path(bench.live.triple.folder))
    started = time.process_time()
    transcriber.transcribe(model, clips, decoding, Halt())
    return time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def made(width: int, layers: int) -> WhisperForConditionalGeneration:
    """Make a random Whisper."""
    heads, wide = width // 64, 4 * width
    config = WhisperConfig(
        d_model=width, encoder_layers=layers, decoder_layers=layers, encoder_attention_heads=heads,
        decoder_attention_heads=heads, encoder_ffn_dim=wide, decoder_ffn_dim=wide, vocab_size=51_864,
    )  # fmt: skip
    return WhisperForConditionalGeneration(config).eval()


def grown(rows: list[dict[str, object]], what: str, found: list[tuple[int, float, float]]) -> None:
    """Add rows with exponents."""
    before: tuple[int, float] | None = None
    for size, seconds, memory in found:
        exponent = "" if before is None else round(math.log(seconds / before[1]) / math.log(size / before[0]), 2)
        rows.append({"grows": what, "size": size, "seconds": seconds, "exponent": exponent, "peak MB": memory})
        before = size, seconds


if __name__ == "__main__":
    main()
