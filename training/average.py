"""The mean of task vectors of one base: one model in place of several runs, often better than each (arXiv 2203.05482).

python -m training.average one.safetensors two.safetensors --out adult.safetensors
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from explorer.checkpoints.task_vector import load_task_vector, task_vector_header
from training.command import command
from training.errors import TrainingError
from training.options import Parser
from training.task_vector_file import commit_of_script, write_task_vector

# What the header says of a part; what all parts agree on, it says of the whole.
_OF_A_PART = ("run", "data", "hours", "clips", "speakers", "seed", "steps", "synthetic", "options", "epochs", "commit")
_NOT_THE_MEANS = ("format", "name", "wer")
# Hash of the file, and of the weights in it; how the latter is computed has changed once.
_BASE = ("base_sha256", "base_fingerprint")


def average(paths: Sequence[Path], out: Path) -> None:
    """Write the mean of task vectors.

    Args:
        paths: of two or more, of one base.
        out: to write; its header says what it is the mean of. What was measured of the parts is not carried over.

    Raises:
        TrainingError: there are fewer than two, or they are of different bases.
    """
    if len(paths) < 2:
        raise TrainingError("average: expected two task vectors or more; name another one.")
    headers = [task_vector_header(path) for path in paths]
    for path, header in zip(paths, headers, strict=True):
        if not any(header.get(key) == headers[0][key] for key in _BASE if key in headers[0]):
            raise TrainingError(f"{path}: is of another base than {paths[0]}; average task vectors of one base.")
    vectors = [load_task_vector(path) for path in paths]
    names = {name: None for vector in vectors for name in vector}
    mean = {
        name: torch.stack([vector[name] for vector in vectors if name in vector]).sum(dim=0) / len(vectors)
        for name in names
    }
    first = headers[0]
    common = {
        key: value
        for key, value in first.items()
        if key in _BASE or (key not in _NOT_THE_MEANS and all(header.get(key) == value for header in headers))
    }
    parts = [{key: header[key] for key in _OF_A_PART if key in header} for header in headers]
    write_task_vector(out, mean, {**common, "mean_of": json.dumps(parts, sort_keys=True), "commit": commit_of_script()})


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Average and return the exit code: 0, or 2 for a mistake of the user's."""
    parser = Parser(prog="python -m training.average", description=__doc__.splitlines()[0])
    parser.add_argument("vectors", type=Path, nargs="+", metavar="FILE", help="task vectors, .safetensors")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="task vector to write")
    options = parser.parse_args(arguments)
    average(options.vectors, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
