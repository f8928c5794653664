"""The command line: the use cases without a page. ``python -m explorer --help`` lists them.

What a command computes goes to standard output, as text or with ``--json`` as one JSON document; progress and logs go
to standard error. A mistake of the user's is one line and exit code 2.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args

from explorer import (
    commands,
    compare_command,
    exchange,
    learn_command,
    needle_commands,
    shipping,
    sweep_command,
)
from explorer.checkpoints.cache import cache_folder
from explorer.config_file import read_config
from explorer.corpora.filters import HALVES
from explorer.corpora.open import READERS
from explorer.errors import ExplorerError
from explorer.heap import keep_freed_memory
from explorer.hypotheses import HypothesisStore
from explorer.recipe_options import add_recipe_options
from explorer.text_rules import NORMALIZER_KINDS
from explorer.transcription.decoding import Precision
from explorer.workbench import Workbench

CONFIG = Path(__file__).parent.parent / "checkpoints.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 2 for a mistake of the user's."""
    options = _parser().parse_args(arguments)
    keep_freed_memory()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    try:
        workbench = Workbench(read_config(options.config), options.device, HypothesisStore(cache_folder()))
        command: Callable[[Workbench, argparse.Namespace], dict[str, Any]] = options.run
        document = command(workbench, options)
    except ExplorerError as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130
    if options.json:
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line; argparse would print the usage with it."""
        self.exit(2, f"error: {' '.join(message.split())}; {self.prog} --help lists the options.\n")


def _parser() -> _Parser:
    parser = _Parser(prog="python -m explorer", description="Merges of Whisper fine-tunes.")
    kinds = parser.add_subparsers(required=True, metavar="COMMAND")
    common = _Parser(add_help=False)
    common.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help="checkpoints.yaml to use")
    common.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    common.add_argument("--json", action="store_true", help="one JSON document on standard output")
    recipe = _recipe_options()
    decoding = _decoding_options()

    triples = kinds.add_parser("triples", parents=[common], help="list the triples of checkpoints.yaml")
    triples.set_defaults(run=commands.triples)

    methods = kinds.add_parser("methods", parents=[common], help="list the merge methods and their parameters")
    methods.set_defaults(run=commands.methods)

    fetch = kinds.add_parser("fetch", parents=[common], help="fetch and check a triple, to work without a network")
    fetch.add_argument("--triple", metavar="NAME", help="default: the one of checkpoints.yaml")
    fetch.add_argument(
        "--look", action="store_true", help="fetch no weights: tell size and licence, and whether everything fits"
    )
    fetch.set_defaults(run=commands.fetch)

    anatomy = kinds.add_parser("anatomy", parents=[common], help="what fine-tuning changed, in numbers")
    anatomy.add_argument("--triple", metavar="NAME", help="default: the one of checkpoints.yaml")
    anatomy.set_defaults(run=commands.anatomy)

    grams = kinds.add_parser("grams", parents=[common], help="Gram matrices of clips, for RegMean")
    grams.add_argument("--triple", metavar="NAME", help="default: the one of checkpoints.yaml")
    grams.add_argument("--name", default="default", help="what recipes will call them")
    grams.add_argument("--corpus", required=True, metavar="NAME|KIND:PATH", help="what M1 hears")
    grams.add_argument("--adult-corpus", metavar="NAME|KIND:PATH", help="what M2 hears; default: the same")
    grams.add_argument("--limit", type=int, default=256, metavar="N", help="utterances of each; default 256")
    grams.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw")
    grams.add_argument("--filter", default="", metavar="EXPR", help="for example: age <= 8")
    grams.add_argument("--split", metavar="NAME", help="part of the corpus")
    grams.add_argument("--window", metavar="fit|30", help="default: what the triple declares")
    grams.set_defaults(run=commands.grams)

    merge = kinds.add_parser("merge", parents=[common, recipe], help="write a merged model as a folder")
    merge.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to create")
    merge.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32", help="of the file")
    merge.add_argument(
        "--verify", action="store_true", help="load the folder again, compare tensors and what the sample clips give"
    )
    merge.add_argument("--push", metavar="OWNER/NAME", help="then put it on the Hub under your own login")
    exchange.add_push_options(merge)
    merge.set_defaults(run=exchange.merge)

    push = kinds.add_parser("push", parents=[common], help="put a folder that merge wrote on the Hub")
    push.add_argument("folder", type=Path, metavar="FOLDER")
    push.add_argument("repo", metavar="OWNER/NAME", help="created if it is not there")
    exchange.add_push_options(push)
    push.set_defaults(run=exchange.push)

    export = kinds.add_parser("export", parents=[common, recipe], help="write a recipe for another tool")
    export.add_argument("--format", choices=exchange.FORMATS, default="recipe", help="default: recipe, which is YAML")
    export.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    export.set_defaults(run=exchange.export)

    read = kinds.add_parser("import", parents=[common], help="read a recipe out of mergekit's YAML or the authors'")
    read.add_argument("file", type=Path, metavar="FILE")
    read.add_argument("--triple", metavar="NAME", help="default: what the file names, else that of checkpoints.yaml")
    read.add_argument("--out", type=Path, metavar="R.yaml", help="default: standard output")
    read.set_defaults(run=exchange.import_)

    transcribe = kinds.add_parser("transcribe", parents=[common, recipe, decoding], help="what the models hear")
    transcribe.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    transcribe.set_defaults(run=commands.transcribe)

    evaluate = kinds.add_parser("evaluate", parents=[common, recipe, decoding], help="word error rates on a corpus")
    evaluate.add_argument("--corpus", required=True, metavar="NAME|KIND:PATH", help=f"KIND: {', '.join(READERS)}")
    evaluate.add_argument("--limit", type=int, metavar="N", help="utterances to draw, evenly over speakers")
    evaluate.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw")
    evaluate.add_argument(
        "--filter",
        default="",
        metavar="EXPR",
        help=f"for example: age <= 8 and gender = f; the paper's halves are {' and '.join(HALVES.values())}",
    )
    evaluate.add_argument("--split", metavar="NAME", help="part of the corpus, as the corpus calls it")
    evaluate.add_argument("--ids", type=Path, metavar="FILE", help="list file of utterance ids")
    evaluate.add_argument("--write-ids", type=Path, metavar="FILE", help="write the subset's ids there")
    evaluate.add_argument(
        "--hypotheses",
        type=Path,
        metavar="FILE",
        help="the paper's filter: at least 3 words, WER of these at most 50 %%",
    )
    evaluate.add_argument("--normalizer", choices=NORMALIZER_KINDS, default="whisper-english")
    evaluate.add_argument("--keep-fillers", action="store_true", help="score um, uh, hmm, mm and mhm like words")
    evaluate.add_argument("--pin", type=Path, action="append", default=[], metavar="R.yaml", help="a further merge")
    evaluate.add_argument(
        "--out", type=Path, action="append", default=[], metavar="FILE", help="a report: .json, .csv or .html"
    )
    evaluate.set_defaults(run=commands.evaluate)

    compare = kinds.add_parser("compare", parents=[common], help="merge methods side by side on one subset")
    compare.add_argument("--triple", metavar="NAME", help="default: the one of checkpoints.yaml")
    compare.add_argument("--corpus", required=True, metavar="NAME|KIND:PATH", help="what they are compared on")
    compare.add_argument("--adult-corpus", metavar="NAME|KIND:PATH", help="beside it; --filter and --split do not hold")
    compare.add_argument("--methods", default="all", metavar="NAMES", help="with commas; SA Merge is always there")
    compare.add_argument("--grid", action="store_true", help="a small grid of each; chosen on half of the speakers")
    compare.add_argument(
        "--recipe", type=Path, action="append", default=[], metavar="R.yaml", help="in place of its method's defaults"
    )
    compare.add_argument("--limit", type=int, metavar="N", help="utterances of each, drawn evenly over speakers")
    compare.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw")
    compare.add_argument("--filter", default="", metavar="EXPR", help="for example: age <= 8")
    compare.add_argument("--split", metavar="NAME", help="part of the corpus")
    compare.add_argument("--window", metavar="fit|30", help="default: what the triple declares")
    compare.add_argument(
        "--grams-corpus", metavar="NAME|KIND:PATH", help="what M1 hears for RegMean; not the same clips"
    )
    compare.add_argument("--grams-adult-corpus", metavar="NAME|KIND:PATH", help="what M2 hears; default: the same")
    compare.add_argument("--grams-limit", type=int, default=256, metavar="N", help="utterances of each; default 256")
    compare.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there")
    compare.set_defaults(run=compare_command.run)

    sweep = kinds.add_parser(
        "sweep", parents=[common, recipe, decoding], help="λ × α, or two parameters of a method, over a subset"
    )
    sweep_command.add_options(sweep)

    _add_needle_commands(kinds, common, recipe)
    learn = kinds.add_parser("learn", parents=[common, recipe], help="let the curve learn from clips")
    learn_command.add_options(learn)

    ship = kinds.add_parser("ship", parents=[common], help="make the results anew that come with the sample clips")
    ship.add_argument("--out", type=Path, metavar="FILE", help="default: assets/shipped.json beside checkpoints.yaml")
    ship.set_defaults(run=shipping.ship)

    clear = kinds.add_parser("clear", parents=[common], help="forget what models have heard")
    clear.set_defaults(run=commands.clear)
    return parser


def _add_needle_commands(kinds: "argparse._SubParsersAction[_Parser]", common: _Parser, recipe: _Parser) -> None:
    layers = kinds.add_parser("layers", parents=[common, recipe], help="which layer did it")
    layers.add_argument("clips", nargs="*", type=Path, metavar="CLIP", help="up to 8, each with its reference")
    layers.add_argument(
        "--reference", action="append", default=[], metavar="TEXT", help="what was said; default: its folder's manifest"
    )
    layers.add_argument("--corpus", metavar="NAME|KIND:PATH", help="draw clips from there instead")
    layers.add_argument("--limit", type=int, metavar="N", help="utterances to draw, at most 8")
    layers.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw")
    layers.add_argument("--filter", default="", metavar="EXPR", help="for example: age <= 8")
    layers.add_argument("--word", type=int, metavar="N", help="one word of the first clip's reference, from 1")
    layers.set_defaults(run=needle_commands.layers)

    trial = kinds.add_parser("calibrate-needle", parents=[common], help="does a better needle mean a better WER?")
    trial.add_argument("--triple", metavar="NAME", help="default: the one of checkpoints.yaml")
    trial.add_argument(
        "--corpus", required=True, metavar="NAME|KIND:PATH", help="8 clips for the needle, the rest judge"
    )
    trial.add_argument("--limit", type=int, default=60, metavar="N", help="utterances to draw, evenly over speakers")
    trial.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw")
    trial.add_argument("--filter", default="", metavar="EXPR", help="for example: age <= 8")
    trial.add_argument("--out", type=Path, metavar="FILE", help="default: assets/needle.json beside checkpoints.yaml")
    trial.set_defaults(run=needle_commands.calibrate_needle)


def _recipe_options() -> _Parser:
    options = _Parser(add_help=False)
    add_recipe_options(options)
    return options


def _decoding_options() -> _Parser:
    options = _Parser(add_help=False)
    group = options.add_argument_group("decoding")
    group.add_argument("--models", default="m1,m2,merge", help="of m0, m1, m2, merge; with commas")
    group.add_argument("--window", metavar="fit|30", help="default: what the triple declares")
    group.add_argument(
        "--precision",
        choices=get_args(Precision),
        default="float32",
        help="of matrix products; bfloat16 is faster where the processor has it, and now and then hears another word",
    )
    group.add_argument("--max-new-tokens", type=int, metavar="N")
    return options


if __name__ == "__main__":
    sys.exit(main())
