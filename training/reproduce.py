"""The experiment in one command: every number of the README's table, from the task vectors and a folder of speech.

    SA_MERGE_SPEECH=…/speechocean762 make reproduce

The folder holds ``dev-child`` and ``dev-adult``, each with metadata.jsonl. A run that was stopped goes on where it was:
what a model heard is kept in the app's cache.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast, get_args

from explorer.checkpoints.cache import cache_folder
from explorer.checkpoints.task_vector import task_vector_header
from explorer.corpora.audiofolder import read_audiofolder
from explorer.corpora.subset import SubsetSpec, choose
from explorer.corpora.utterance import Utterance
from explorer.hypotheses import HypothesisStore
from explorer.schedule import ScheduleName
from explorer.transcription.decoding import Decoding, Precision
from training.cells import GRIDS, SCHEDULES
from training.command import command
from training.errors import TrainingError
from training.experiment import Experiment, Pairing, config_of
from training.options import Parser
from training.plot import plot
from training.table import table
from training.task_vector_file import commit_of_script

SPEECH = "SA_MERGE_SPEECH"
PARTS = ("merge", "windows", "transfer")
# Part, name, M1, M2, further vectors. The halves are of the children's speakers: what one carries over to the other is
# no speaker's own voice.
PAIRINGS = (
    ("merge", "hour", "child", "adult", ()),
    ("merge", "half an hour", "child-half-hour", "adult", ()),
    ("merge", "quarter of an hour", "child-quarter-hour", "adult", ()),
    ("windows", "windows, quarter of an hour", "child-quarter-hour", "adult", ()),
    ("windows", "windows, hour", "child", "adult", ()),
    ("transfer", "other half", "half-b", "half-a", ("half-a-specaugment", "half-a-pitch", "half-a-speed")),
)


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment and return the exit code: 0, or 2 for a mistake of the user's."""
    options = _parser().parse_args(arguments)
    for document in _documents(options):
        write_beside(options.out / "experiment.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        write_beside(options.out / "experiment.md", table(document))
        if document["merge"]:
            write_beside(options.out / "experiment.svg", plot(document["merge"]))
    return 0


def _parser() -> Parser:
    parser = Parser(prog="python -m training.reproduce", description="The experiment behind the README's table.")
    root = Path(__file__).parents[1]
    parser.add_argument("--speech", type=Path, metavar="FOLDER", help=f"with dev-child and dev-adult (or set {SPEECH})")
    parser.add_argument("--vectors", type=Path, default=root / "assets" / "task-vectors", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=root / "training" / "results", metavar="FOLDER")
    parser.add_argument(
        "--base", type=Path, metavar="FOLDER", help="Hugging Face folder of the base (default: tiny.en)"
    )
    parser.add_argument("--parts", default=",".join(PARTS), metavar="LIST", help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--schedules", default=",".join(SCHEDULES), metavar="LIST")
    parser.add_argument("--grid", choices=tuple(GRIDS), default="coarse")
    parser.add_argument("--limit", type=int, metavar="N", help="so many clips of each corpus, for a trial")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32", help="of matrix products")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return parser


def _documents(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the document so far after each pairing."""
    parts = some_of(options.parts, PARTS, "--parts")
    schedules = cast(list[ScheduleName], some_of(options.schedules, SCHEDULES, "--schedules"))
    corpora = _corpora(options)
    wanted = [
        (part, _pairing(name, [m1, m2, *further], options.vectors))
        for part, name, m1, m2, further in PAIRINGS
        if part in parts
    ]
    chosen = [(part, pairing) for part, pairing in wanted if all(file.exists() for file in pairing.files)]
    absent = [pairing.name for _, pairing in wanted if pairing not in [kept for _, kept in chosen]]
    if not chosen:
        raise TrainingError(f"--vectors: {options.vectors} holds no task vector of the experiment; train them first.")
    experiment = Experiment(
        config_of([pairing for _, pairing in chosen], options.base),
        HypothesisStore(cache_folder() / "experiment"),
        options.device,
        options.precision,
    )
    document: dict[str, Any] = {
        "commit": commit_of_script(),
        "grid": options.grid,
        "limit": options.limit,
        "decoding": Decoding("fit", precision=options.precision).summary,
        "left out, for want of a vector": absent,
        "vectors": {path.stem: provenance(path) for _, each in chosen for path in each.files},
        **{part: {} for part in PARTS},
    }
    for part, pairing in chosen:
        if part == "windows":
            found = experiment.windows(pairing.name, corpora["dev-child"])
        elif part == "transfer":
            found = experiment.transfer(pairing, corpora["dev-child"])
        else:
            found = experiment.grid(pairing.name, corpora, schedules, options.grid)
        document[part][pairing.name] = found
        yield document


def _pairing(name: str, vectors: Sequence[str], folder: Path) -> Pairing:
    m1, m2, *further = [folder / f"{vector}.safetensors" for vector in vectors]
    return Pairing(name, m1, m2, tuple(further))


def _corpora(options: argparse.Namespace) -> dict[str, Sequence[Utterance]]:
    speech = options.speech or os.environ.get(SPEECH)
    if not speech:
        raise TrainingError(
            f"--speech: where is the speech? Give a folder with dev-child and dev-adult, or set {SPEECH}."
        )
    found: dict[str, Sequence[Utterance]] = {}
    for name in ("dev-child", "dev-adult"):
        utterances = read_audiofolder(Path(speech) / name).utterances
        found[name] = choose(utterances, SubsetSpec(limit=options.limit)).utterances
    return found


def provenance(path: Path) -> dict[str, str]:
    """Return what a task vector's header says of how it was made."""
    header = task_vector_header(path)
    return {
        key: header[key] for key in ("data", "hours", "clips", "speakers", "seed", "commit", "run") if key in header
    }


def some_of(text: str, allowed: Sequence[str], name: str) -> list[str]:
    """Read a list with commas.

    Raises:
        TrainingError: it is empty, or names something else than ``allowed``.
    """
    given = [each for each in text.split(",") if each]
    if not given or any(each not in allowed for each in given):
        raise TrainingError(f"{name}: expected some of {', '.join(allowed)}, but got {text!r}.")
    return given


def write_beside(path: Path, text: str) -> None:
    """Write a text file beside its place and rename it; its folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


if __name__ == "__main__":
    sys.exit(main())
