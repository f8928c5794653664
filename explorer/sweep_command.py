"""The command ``sweep``: two parameters against each other over a subset, in one file that can be taken up again."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from explorer.bench import Bench
from explorer.checkpoints.base import terminal_progress
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import SubsetSpec, choose
from explorer.corpora.utterance import Utterance
from explorer.errors import RecipeError
from explorer.recipe_options import recipe_of
from explorer.sweep.begin import Question, begin, check_members
from explorer.sweep.file import SweepFile
from explorer.sweep.grid import Axis, read_axis
from explorer.sweep.hearing import hearer_of
from explorer.sweep.map import FLATTERS, Mapper, as_csv, best_sentence
from explorer.sweep.on_ray import sweep_on_ray
from explorer.sweep.racing import Race, race_order
from explorer.sweep.run import Progress, sweep
from explorer.text_file import check_place, write_whole
from explorer.text_rules import WHISPER_RULES
from explorer.transcription.decoding import Halt
from explorer.workbench import Workbench

DEFAULT_FILE = Path("sweep.sqlite")
_GLYPHS = {"waiting": "·", "stopped": "×", "error": "!"}


def add_options(sweep: argparse.ArgumentParser) -> None:
    """Give the command its own options, beside those of a recipe and of decoding."""
    sweep.add_argument("--corpus", metavar="NAME|KIND:PATH", help="whose errors are to be few")
    sweep.add_argument("--adult-corpus", metavar="NAME|KIND:PATH", help="beside it; --filter and --split do not hold")
    sweep.add_argument("--x", metavar="NAME=RANGE", help="a parameter in place of λ: density=0.1:0.5:0.1")
    sweep.add_argument("--y", metavar="NAME=RANGE", help="a parameter in place of α")
    sweep.add_argument("--limit", type=int, metavar="N", help="utterances of each, drawn evenly over speakers")
    sweep.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw")
    sweep.add_argument("--filter", default="", metavar="EXPR", help="for example: age <= 8")
    sweep.add_argument("--split", metavar="NAME", help="part of the corpus")
    sweep.add_argument("--out", type=Path, metavar="FILE", help="the sweep's file; default: sweep.sqlite")
    sweep.add_argument("--resume", type=Path, metavar="FILE", help="take a sweep up where it was")
    sweep.add_argument("--show", action="store_true", help="with --resume: show the map; no model is needed")
    sweep.add_argument("--no-racing", action="store_true", help="hear every cell to its end")
    sweep.add_argument("--judge", action="store_true", help="choose on half of the speakers, judge on the others")
    sweep.add_argument("--csv", type=Path, metavar="FILE", help="write the cells there")
    sweep.add_argument("--ray", type=int, metavar="N", help="on Ray, with so many workers")
    sweep.add_argument("--address", metavar="HOST:PORT", help="of a Ray cluster; default: this machine")
    sweep.set_defaults(run=run)


def run(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Fill a map, or show one that is filled; what a file holds is not heard again."""
    if options.csv:
        check_place(options.csv)
    if options.resume and options.show:
        file = SweepFile.open(options.resume)
    else:
        file, bench, corpora = _begun(workbench, options)
        race = Race(on=bool(file.about()["racing"]))
        if options.ray:
            states = sweep_on_ray(
                file, corpora, race, options.config, workers=options.ray, device=options.device, address=options.address
            )
        else:
            hearer = hearer_of(bench, file.about(), Halt(), workbench.store, alone=True)
            states = sweep(file, hearer, corpora, race)
        try:
            _with_bar(states)
        except KeyboardInterrupt:
            sys.stderr.write(f"Stopped; nothing is lost: --resume {file.path} goes on.\n")
            raise
    document = Mapper(file).document(judged=options.judge)
    file.close()
    if options.csv:
        write_whole(as_csv(document), options.csv)
    if not options.json:
        sys.stdout.write("\n".join(_lines(document)) + "\n")
    return document | {"file": str(file.path)}


def _begun(workbench: Workbench, options: argparse.Namespace) -> tuple[SweepFile, Bench, list[list[Utterance]]]:
    if options.resume:
        file = SweepFile.open(options.resume)
        about = file.about()
        bench = _bench(workbench, about["base"]["triple"])
        check_members(file, bench)
        return file, bench, [_utterances(workbench, bench, each) for each in about["corpora"]]
    if options.corpus is None:
        raise RecipeError("--corpus: expected a corpus to begin a sweep on, or --resume FILE to take one up.")
    # --lambda and --alpha are ranges here; the recipe takes its own from the file or the defaults.
    plain = argparse.Namespace(**{**vars(options), "mixing": None, "alpha": None})
    base = recipe_of(workbench, plain)
    x, y = _axes(options, curve=base.row.curve)
    chosen = {"split": options.split, "filter": options.filter, "limit": options.limit, "seed": options.seed}
    subsets = [{"name": options.corpus, **chosen}]
    if options.adult_corpus:
        subsets.append({"name": options.adult_corpus, **chosen, "split": None, "filter": ""})
    decoding = workbench.decoding(base, options.window, options.max_new_tokens, options.precision)
    question = Question(base, x, y, decoding, WHISPER_RULES, tuple(subsets), racing=not options.no_racing)
    bench = _bench(workbench, base.triple)
    corpora = [_utterances(workbench, bench, each) for each in subsets]
    return begin(options.out or DEFAULT_FILE, question, bench, corpora), bench, corpora


def _axes(options: argparse.Namespace, *, curve: bool) -> tuple[Axis, Axis]:
    given = [each.partition("=")[::2] for each in (options.x, options.y) if each]
    if options.x and options.y:
        return read_axis(*given[0]), read_axis(*given[1])
    if given:
        raise RecipeError("--x and --y: expected both, such as --x density=0.1:0.5:0.1 --y scale=0.5:1.5:0.25.")
    if not curve:
        raise RecipeError("sweep: this method has no curve; name two of its parameters with --x and --y.")
    return read_axis("lambda", options.mixing or "0.1:0.3:0.05"), read_axis("alpha", options.alpha or "0.7:0.9:0.1")


def _bench(workbench: Workbench, triple: str) -> Bench:
    with terminal_progress() as progress:
        return workbench.bench(triple, progress)


def _utterances(workbench: Workbench, bench: Bench, chosen: dict[str, Any]) -> list[Utterance]:
    with terminal_progress() as progress:
        corpus = open_corpus(chosen["name"], workbench.config.corpora, progress)
    spec = SubsetSpec(split=chosen["split"], expression=chosen["filter"], limit=chosen["limit"], seed=chosen["seed"])
    subset = choose(corpus.utterances, spec, bench.normalizer)
    return race_order(subset.utterances)


def _with_bar(states: Iterator[Progress]) -> None:
    with tqdm(unit="cell", file=sys.stderr, desc="sweep") as bar:
        for state in states:
            if bar.total is None:  # what an earlier run has settled says nothing about the time that is left
                bar.initial = bar.n = state.settled
            bar.total = state.cells
            bar.update(state.settled - bar.n)
            bar.set_postfix_str(", ".join(filter(None, (f"{state.heard} clips heard", state.best))))


def _lines(document: dict[str, Any]) -> list[str]:
    """Draw the map for a terminal: WER in percent, ~ not distinguishable from M1, × stopped, = the same merge."""
    x, y = document["x"], document["y"]
    cells = {(cell["x"], cell["y"]): cell for cell in document["cells"]}
    lines = [f"{y['name']} down, {x['name']} across; WER in %"]
    lines.append(" " * 8 + "".join(f"{value:>9g}" for value in x["values"]))
    for row, value in reversed(list(enumerate(y["values"]))):
        lines.append(f"{value:>8g}" + "".join(f"{_shown(cells[column, row]):>9}" for column in range(len(x["values"]))))
    lines.append("~ not distinguishable from M1, × stopped early, = the same merge as another cell")
    if document["m1"]["wer"] is not None:
        lines.append(f"M1 {100 * document['m1']['wer']:.1f} %")
    lines += [best_sentence(document), FLATTERS]
    front = [cell for cell in document["cells"] if cell["front"]]
    if front:
        shown = (f"{100 * cell['wer']:.1f} / {100 * cell['adult_wer']:.1f}" for cell in front)
        lines.append(f"No cell beats these on both corpora: {', '.join(shown)}")
    if judged := document["judged"]:
        lines.append(
            f"Chosen on one half of the speakers, judged on the other: WER {100 * judged['wer']:.1f} %, "
            f"{100 * judged['difference']:+.1f} [{100 * judged['low']:+.1f}, {100 * judged['high']:+.1f}] points "
            "against M1".replace("-", "−")
        )
    lines += [f"cell {cell['number']}: {cell['says']}" for cell in document["cells"] if cell["says"]]
    return lines


def _shown(cell: dict[str, Any]) -> str:
    glyph = _GLYPHS.get(cell["state"], "")
    if cell["wer"] is None:
        return glyph
    marks = glyph + ("=" if cell["state"] == "same" else "") + ("~" if cell.get("undecided") else "")
    return f"{100 * cell['wer']:.1f}{marks}"
