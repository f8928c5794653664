"""The command that lets a curve learn, and its options."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from tqdm import tqdm

from explorer.checkpoints.base import terminal_progress
from explorer.corpora.open import READERS, open_corpus
from explorer.corpora.subset import SubsetSpec, choose
from explorer.formats.texts import recipe_text
from explorer.learning.lesson import learn
from explorer.learning.settings import OBJECTIVES, By, Learning, Settings
from explorer.recipe_options import recipe_of
from explorer.text_file import check_place, write_whole
from explorer.transcription.decoding import Halt, Precision
from explorer.workbench import Workbench

_DEFAULT = Settings()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of ``learn`` beside the recipe's, which is the start."""
    parser.add_argument("--corpus", required=True, metavar="NAME|KIND:PATH", help=f"KIND: {', '.join(READERS)}")
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="clips, evenly over speakers; default 200")
    parser.add_argument("--filter", default="", metavar="EXPR", help="for example: age <= 8")
    parser.add_argument("--split", metavar="NAME", help="part of the corpus")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw, and of learning")
    parser.add_argument("--by", choices=get_args(By), default=_DEFAULT.by, help="what has a ratio of its own")
    parser.add_argument("--feed-forward", action="store_true", help="feed-forward layers learn a ratio too")
    parser.add_argument("--objective", choices=tuple(OBJECTIVES), default=_DEFAULT.objective)
    parser.add_argument("--steps", type=int, default=_DEFAULT.steps, metavar="N", help=f"default {_DEFAULT.steps}")
    parser.add_argument("--rate", type=float, default=_DEFAULT.rate, help=f"of the first step; default {_DEFAULT.rate}")
    parser.add_argument(
        "--pull", type=float, default=_DEFAULT.pull, help=f"regularisation towards the start; default {_DEFAULT.pull}"
    )
    parser.add_argument("--step-clips", type=int, default=_DEFAULT.clips, metavar="N", help="clips of a step")
    parser.add_argument("--held-out", type=float, default=_DEFAULT.held_out, metavar="SHARE", help="of the speakers")
    parser.add_argument("--precision", choices=get_args(Precision), default=_DEFAULT.precision, help="of gradients")
    parser.add_argument("--window", metavar="fit|30", help="default: what the triple declares")
    parser.add_argument("--out", type=Path, metavar="R.yaml", help="default: standard output")
    parser.add_argument("--resume", action="store_true", help="go on where the same command was stopped or killed")
    parser.set_defaults(run=run)


def run(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Let the curve of a recipe learn from clips, and write the recipe."""
    recipe = recipe_of(workbench, options)
    decoding = workbench.decoding(recipe, options.window)
    settings = Settings(
        by=options.by,
        feed_forward=options.feed_forward,
        objective=options.objective,
        steps=options.steps,
        rate=options.rate,
        pull=options.pull,
        clips=options.step_clips,
        held_out=options.held_out,
        seed=options.seed,
        precision=options.precision,
    )
    if options.out is not None:
        check_place(options.out)  # a mistake in a name is told before the work, not after it
    with terminal_progress() as progress:
        corpus = open_corpus(options.corpus, workbench.config.corpora, progress)
        spec = SubsetSpec(split=options.split, expression=options.filter, limit=options.limit, seed=options.seed)
        subset = choose(corpus.utterances, spec)
        bench = workbench.bench(recipe.triple, progress)
    states = learn(bench, subset.utterances, recipe, settings, decoding, Halt(), resume=options.resume)
    last = _with_bar(states)
    left_out = [*corpus.problems, *subset.problems, *last.problems]
    sys.stderr.write("".join(f"left out: {problem}\n" for problem in left_out) + f"{last.summary}\n")
    text = recipe_text(last.recipe)
    if options.out is not None:
        write_whole(text, options.out)
    if not options.json:
        sys.stdout.write(text if options.out is None else f"Wrote {options.out}.\n")
    return {
        "start": recipe.as_dict(),
        "recipe": last.recipe.as_dict(),
        "fingerprint": bench.fingerprint("merge", last.recipe),
        "state": last.state,
        "summary": last.summary,
        "steps": last.step,
        "speakers": dict(zip(("learned", "held out"), last.speakers, strict=True)),
        "clips": dict(zip(("learned", "held out"), last.clips, strict=True)),
        "writing": last.writing,
        "looks": [{"step": each.step, "training": each.training, "held out": each.held_out} for each in last.looks],
        "subset": subset.fingerprint,
        "left out": left_out,
    }


def _with_bar(states: Iterator[Learning]) -> Learning:
    """Follow a lesson to its end with a progress bar, its ETA and its losses on standard error."""
    with tqdm(unit="step", file=sys.stderr, desc="learn") as bar:
        for last in states:
            bar.total = last.steps
            bar.update(last.step - bar.n)
            if last.looks:
                heard = [each.held_out for each in last.looks if each.held_out is not None]
                bar.set_postfix_str(f"loss {last.looks[-1].training or 0:.3f}, held out {heard[-1]:.3f}")
    return last
