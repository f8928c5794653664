"""Measure a task vector on a corpus and write the word error rates into its header.

python -m training.record child.safetensors --corpus FOLDER --window fit --window 30
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from safetensors.torch import load_file

from explorer.checkpoints.task_vector import add_task_vector, load_task_vector
from explorer.checkpoints.triple import build_model
from explorer.checkpoints.weights import Weights
from explorer.config import Window
from explorer.corpora.audiofolder import read_audiofolder
from explorer.corpora.subset import subset_fingerprint
from explorer.corpora.utterance import Utterance
from explorer.transcription.decoding import Decoding
from training.base_model import load_base
from training.command import command
from training.judging import Ear
from training.options import Parser
from training.task_vector_file import record


def measure(
    weights: Weights, config: dict[str, Any], ear: Ear, utterances: Sequence[Utterance], decoding: Decoding
) -> dict[str, object]:
    """Let a model hear a corpus.

    Returns:
        WER in percent, the counts behind it and how it was measured, fit for JSON.
    """
    counts = ear.errors(build_model(config, weights), utterances, decoding)
    return {
        "wer": round(100 * (counts.wer or 0.0), 2),
        "substitutions": counts.substitutions,
        "deletions": counts.deletions,
        "insertions": counts.insertions,
        "words": counts.words,
        "clips": len(utterances),
        "subset": subset_fingerprint(utterances),
        "window": decoding.window,
    }


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, record, and return the exit code: 0, or 2 for a mistake of the user's."""
    parser = Parser(
        prog="python -m training.record", description="Measure a task vector; write its WER into its header."
    )
    parser.add_argument("vector", type=Path, metavar="FILE", help="task vector, .safetensors")
    parser.add_argument(
        "--corpus", type=Path, required=True, metavar="FOLDER", help="audiofolder; its name is recorded"
    )
    parser.add_argument(
        "--base", type=Path, metavar="FOLDER", help="Hugging Face folder of the base (default: tiny.en)"
    )
    parser.add_argument("--window", choices=("fit", "30"), action="append", help="may be given twice (default: fit)")
    options = parser.parse_args(arguments)
    base = load_base(options.base)
    ear = Ear(base.folder)
    utterances = read_audiofolder(options.corpus).utterances
    members = {"": add_task_vector(base.weights, load_task_vector(options.vector), options.vector)}
    # What a run leaves beside its vector, to see what eight bits cost.
    whole = options.vector.with_suffix(".training") / "unquantised.safetensors"
    if whole.exists():
        members[" unquantised"] = add_task_vector(base.weights, load_file(whole), whole)
    for window in options.window or ["fit"]:
        for kind, weights in members.items():
            decoding = Decoding(cast(Window, window))
            name = f"{options.corpus.resolve().name} {window}{kind}"
            measured = measure(weights, base.config, ear, utterances, decoding)
            record(options.vector, {name: measured})
            sys.stdout.write(f"{options.vector.name}: {name}: {measured['wer']} %\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
