"""Does a curve that learned from some children hear other children better? One command, resumable.

    SA_MERGE_SPEECH=…/speechocean762 python -m training.learned_curve

The speakers of ``dev-child`` trained neither parent. Half of them teach: the curve learns on three quarters of that
half and stops by the last quarter; of a grid of λ and α the point with the lowest WER on the half is chosen. Both are
judged on the other half, then the other way round, and pooled. What a model heard and where a curve stands is kept in
the app's cache: the same command goes on where it was stopped.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

from explorer.bench import Bench
from explorer.checkpoints.cache import cache_folder
from explorer.corpora.audiofolder import read_audiofolder
from explorer.corpora.subset import SubsetSpec, choose, subset_fingerprint
from explorer.corpora.utterance import Utterance
from explorer.halves import Hearing, speaker_halves, verdict_of, wer
from explorer.hypotheses import HypothesisStore
from explorer.learning.lesson import learn
from explorer.learning.settings import Learning, Settings
from explorer.recipe import Recipe
from explorer.schedule import ScheduleName
from explorer.statistics import Tally
from explorer.transcription.decoding import Decoding, Halt, Precision
from training.cells import GRIDS, cells_of
from training.command import command
from training.document import measured, percent, verdict_row
from training.errors import TrainingError
from training.experiment import Experiment, Pairing, config_of
from training.options import Parser
from training.reproduce import PAIRINGS, SPEECH, provenance, some_of, write_beside
from training.table import learned_table
from training.task_vector_file import commit_of_script

# What has a ratio of its own, the first one being the one that was settled on before anything was judged.
WAYS: dict[str, Settings] = {
    "lane": Settings(by="lane", clips=12, steps=40, precision="bfloat16"),
    "projection": Settings(by="projection", clips=12, steps=40, precision="bfloat16"),
    "projection and feed-forward": Settings(
        by="projection", feed_forward=True, clips=12, steps=40, precision="bfloat16"
    ),
}
_DEFAULT_WAYS = ("lane", "projection")  # a triple takes about ten minutes of one core
_SCHEDULES: tuple[ScheduleName, ...] = ("depth", "constant")


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment and return the exit code: 0, or 2 for a mistake of the user's."""
    options = _parser().parse_args(arguments)
    for document in _documents(options):
        write_beside(options.out / "learned-curve.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        write_beside(options.out / "learned-curve.md", learned_table(document))
    return 0


def _parser() -> Parser:
    parser = Parser(prog="python -m training.learned_curve", description="Curves that learn, judged on other speakers.")
    root = Path(__file__).parents[1]
    parser.add_argument("--speech", type=Path, metavar="FOLDER", help=f"with dev-child (or set {SPEECH})")
    parser.add_argument("--vectors", type=Path, default=root / "assets" / "task-vectors", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=root / "training" / "results", metavar="FOLDER")
    parser.add_argument(
        "--base", type=Path, metavar="FOLDER", help="Hugging Face folder of the base (default: tiny.en)"
    )
    parser.add_argument("--pairings", metavar="LIST", help="M1's, with commas, for example child,child-quarter-hour")
    parser.add_argument("--ways", default=",".join(_DEFAULT_WAYS), metavar="LIST", help=f"some of {', '.join(WAYS)}")
    parser.add_argument("--steps", type=int, metavar="N", help="most steps of a curve, for a trial")
    parser.add_argument("--grid", choices=tuple(GRIDS), default="quick", help="of λ and α, for comparison")
    parser.add_argument("--limit", type=int, metavar="N", help="so many clips, for a trial")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32", help="of what is heard")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return parser


def _documents(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the document so far after each pairing."""
    ways = {way: WAYS[way] for way in some_of(options.ways, tuple(WAYS), "--ways")}
    if options.steps is not None:
        ways = {way: replace(settings, steps=options.steps) for way, settings in ways.items()}
    utterances, pairings = _children(options), _pairings(options)
    store = HypothesisStore(cache_folder() / "experiment")
    experiment = Experiment(config_of(pairings, options.base), store, options.device, options.precision)
    document: dict[str, Any] = {
        "commit": commit_of_script(),
        "corpus": {"name": "dev-child", "clips": len(utterances), "fingerprint": subset_fingerprint(utterances)},
        "decoding": Decoding("fit", precision=options.precision).summary,
        "grid": {"name": options.grid, "schedules": list(_SCHEDULES)},
        "settled on before judging": next(iter(WAYS)),
        "vectors": {path.stem: provenance(path) for each in pairings for path in each.files},
        "settings": {way: asdict(settings) for way, settings in ways.items()},
        "pairings": {},
    }
    for pairing in pairings:
        document["pairings"][pairing.name] = _judged(experiment, pairing.name, utterances, ways, options.grid)
        yield document


def _judged(
    experiment: Experiment, pairing: str, utterances: Sequence[Utterance], ways: Mapping[str, Settings], grid: str
) -> dict[str, Any]:
    """Let curves learn on either half, hear everybody with all models, and judge each curve by the other half."""
    halves, bench = speaker_halves(utterances), experiment.open(pairing)
    curves = {
        way: [
            _learned(bench, half, settings, f"{pairing}, {way}, half {name}")
            for half, name in zip(halves, "ab", strict=True)
        ]
        for way, settings in ways.items()
    }
    cells, merges = cells_of(pairing, bench.depths, _SCHEDULES, grid)
    labels = {cell.merge: cell.label for cell in reversed(cells)}
    learned = {_name(way, half): both[half].recipe for way, both in curves.items() for half in (0, 1)}
    heard = experiment.heard(pairing, utterances, {**merges, **learned}, with_others=False)
    tallies = {
        model: [Tally(each.utterance.speaker, each.counts.errors, each.counts.words) for each in rows]
        for model, rows in heard.items()
    }
    first, second = (frozenset(each.speaker for each in half) for half in halves)
    hearing = Hearing(tallies, (first, second))
    best = [_lowest(hearing, half, ["m1", *labels]) for half in (0, 1)]
    of_grid, of_m1 = _pooled(hearing, best), _pooled(hearing, ["m1", "m1"])
    document: dict[str, Any] = {
        "m1": measured(of_m1),
        "best point": measured(of_grid)
        | {"chosen": [labels.get(name, "M1 itself") for name in best]}
        | {"against m1": verdict_row(verdict_of(of_grid, of_m1))},
        "learned": {},
    }
    for way, both in curves.items():
        mine = _pooled(hearing, [_name(way, half) for half in (0, 1)])
        document["learned"][way] = measured(mine) | {
            "against m1": verdict_row(verdict_of(mine, of_m1)),
            "against the best point": verdict_row(verdict_of(mine, of_grid), "the best point"),
            "ways round": [_way_round(hearing, _name(way, half), half, both[half], best[half]) for half in (0, 1)],
        }
    return document


def _learned(bench: Bench, utterances: Sequence[Utterance], settings: Settings, what: str) -> Learning:
    """Let a curve learn from the paper's corner of the plane on, telling now and then how far it is."""
    start, spoken = Recipe(bench.spec.name), time.monotonic()
    for state in learn(bench, utterances, start, settings, Decoding("fit"), Halt(), resume=True):
        if time.monotonic() - spoken > 10 and state.remaining is not None:
            spoken = time.monotonic()
            sys.stderr.write(f"{what}: step {state.step}/{state.steps}, {state.remaining / 60:.0f} minutes to go\n")
    sys.stderr.write(f"{what}: {state.summary}\n")
    return state


def _name(way: str, half: int) -> str:
    return f"{way}, half {'ab'[half]}"


def _lowest(hearing: Hearing, half: int, names: Sequence[str]) -> str:
    return min(names, key=lambda name: wer(hearing.of(name, half)))


def _pooled(hearing: Hearing, chosen: Sequence[str]) -> list[Tally]:
    """Return the tallies of everybody, each speaker heard by what the other half chose."""
    return [each for half, name in enumerate(chosen) for each in hearing.of(name, 1 - half)]


def _way_round(hearing: Hearing, name: str, half: int, learning: Learning, best: str) -> dict[str, Any]:
    judged, m1 = hearing.of(name, 1 - half), hearing.of("m1", 1 - half)
    seen = learning.best
    assert seen is not None, "the run came to its end"
    return {
        "recipe": learning.recipe.as_dict(),
        "steps": learning.step,
        "best step": seen.step,
        "held-out loss": [learning.looks[0].held_out, seen.held_out],
        "wer where learned": percent(wer(hearing.of(name, half))),
        "wer where judged": percent(wer(judged)),
        "m1 where judged": percent(wer(m1)),
        "best point where judged": percent(wer(hearing.of(best, 1 - half))),
        "against m1": verdict_row(verdict_of(judged, m1)),
    }


def _children(options: argparse.Namespace) -> Sequence[Utterance]:
    speech = options.speech or os.environ.get(SPEECH)
    if not speech:
        raise TrainingError(f"--speech: where is the speech? Give a folder with dev-child, or set {SPEECH}.")
    utterances = read_audiofolder(Path(speech) / "dev-child").utterances
    return choose(utterances, SubsetSpec(limit=options.limit)).utterances


def _pairings(options: argparse.Namespace) -> list[Pairing]:
    wanted = options.pairings.split(",") if options.pairings else None
    found = [
        Pairing(name, options.vectors / f"{m1}.safetensors", options.vectors / f"{m2}.safetensors")
        for part, name, m1, m2, _ in PAIRINGS
        if part == "merge" and (wanted is None or m1 in wanted)
    ]
    there = [each for each in found if each.m1.exists() and each.m2.exists()]
    if not there:
        raise TrainingError(f"--vectors: {options.vectors} holds no pair of task vectors for this; train them first.")
    return there


if __name__ == "__main__":
    sys.exit(main())
