"""The command line: the use cases without a page. ``python -m explorer --help`` lists them.

What a command computes goes to standard output, as text or with ``--json`` as one JSON document; progress and logs go
to standard error. A mistake of the user's is one line and exit code 2.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

from tqdm import tqdm

from explorer.audio import load_clip
from explorer.checkpoints.base import terminal_progress
from explorer.config import read_config, read_yaml
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import select
from explorer.errors import ExplorerError, RecipeError
from explorer.evaluation import Evaluation
from explorer.recipe import Recipe
from explorer.report import evaluation_document, summary_lines
from explorer.transcription.decoding import Halt
from explorer.workbench import MODEL_NAMES, Bench, ModelName, Workbench

CONFIG = Path(__file__).parent.parent / "checkpoints.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 2 for a mistake of the user's."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    try:
        workbench = Workbench(read_config(options.config), options.device)
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
    parser = _Parser(prog="python -m explorer", description="Selective Attention merges of Whisper.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = _Parser(add_help=False)
    common.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help="checkpoints.yaml to use")
    common.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    common.add_argument("--json", action="store_true", help="one JSON document on standard output")
    recipe = _recipe_options()
    decoding = _decoding_options()

    triples = commands.add_parser("triples", parents=[common], help="list the triples of checkpoints.yaml")
    triples.set_defaults(run=_triples)

    fetch = commands.add_parser("fetch", parents=[common], help="fetch and check a triple, to work without a network")
    fetch.add_argument("--triple", metavar="NAME", help="default: the one of checkpoints.yaml")
    fetch.set_defaults(run=_fetch)

    merge = commands.add_parser("merge", parents=[common, recipe], help="write a merged model as a folder")
    merge.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to create")
    merge.set_defaults(run=_merge)

    transcribe = commands.add_parser("transcribe", parents=[common, recipe, decoding], help="what the models hear")
    transcribe.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    transcribe.set_defaults(run=_transcribe)

    evaluate = commands.add_parser("evaluate", parents=[common, recipe, decoding], help="word error rates on a corpus")
    evaluate.add_argument("--corpus", required=True, metavar="NAME|KIND:PATH")
    evaluate.add_argument("--limit", type=int, metavar="N", help="utterances to draw, evenly over speakers")
    evaluate.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw")
    evaluate.add_argument("--filter", default="", metavar="EXPR", help="for example: age <= 8 and gender = f")
    evaluate.set_defaults(run=_evaluate)
    return parser


def _recipe_options() -> _Parser:
    options = _Parser(add_help=False)
    group = options.add_argument_group("recipe", "what is not given is taken from --recipe, else from checkpoints.yaml")
    group.add_argument("--recipe", type=Path, metavar="R.yaml")
    group.add_argument("--triple", metavar="NAME")
    group.add_argument("--method", metavar="sa")
    group.add_argument("--schedule", metavar="NAME", help="depth, power, decay, groups, constant or custom")
    group.add_argument("--lambda", dest="mixing", metavar="λ", help="0 to 1")
    group.add_argument("--alpha", metavar="α", help="0 to 2; three values with commas for groups")
    group.add_argument("--scope", metavar="LANES", help="of encoder.self, decoder.self, decoder.cross; with commas")
    group.add_argument("--projections", metavar="LETTERS", help="of q, k, v; with commas")
    return options


def _decoding_options() -> _Parser:
    options = _Parser(add_help=False)
    group = options.add_argument_group("decoding")
    group.add_argument("--models", default="m1,m2,merge", help="of m0, m1, m2, merge; with commas")
    group.add_argument("--window", metavar="fit|30", help="default: what the triple declares")
    group.add_argument("--max-new-tokens", type=int, metavar="N")
    return options


def _recipe(workbench: Workbench, options: argparse.Namespace) -> Recipe:
    entries: dict[str, Any] = read_yaml(options.recipe) if options.recipe else {}
    given = {
        "triple": options.triple,
        "method": options.method,
        "schedule": options.schedule,
        "lambda": None if options.mixing is None else _number(options.mixing, "--lambda"),
        "alpha": None if options.alpha is None else _numbers(options.alpha, "--alpha"),
        "scope": None if options.scope is None else [each for each in options.scope.split(",") if each],
        "projections": None
        if options.projections is None
        else [each for each in options.projections.split(",") if each],
    }
    if options.recipe:
        workbench.recipe(entries, options.recipe.name)  # a mistake is named where it was made
    entries.update({key: value for key, value in given.items() if value is not None})
    return workbench.recipe(entries, "command line")


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RecipeError(f"{name}: expected a number, but got {text!r}.") from None


def _numbers(text: str, name: str) -> float | list[float]:
    values = [_number(each, name) for each in text.split(",")]
    return values[0] if len(values) == 1 else values


def _open(workbench: Workbench, recipe: Recipe) -> Bench:
    with terminal_progress() as progress:
        return workbench.bench(recipe.triple, progress)


def _models(options: argparse.Namespace) -> list[ModelName]:
    names = list(dict.fromkeys(each for each in options.models.split(",") if each))
    unknown = [name for name in names if name not in MODEL_NAMES]
    if unknown or not names:
        raise RecipeError(f"--models: expected some of {', '.join(MODEL_NAMES)}, but got {options.models!r}.")
    return cast(list[ModelName], names)


def _triples(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    rows = [
        {"name": spec.name, "title": spec.title, "window": spec.window}
        | {
            member: {"source": source.name, "licence": source.licence, "provenance": source.provenance}
            | {"revision": source.revision, "reported_wer": source.reported_wer}
            for member, source in (("base", spec.base), ("m1", spec.m1), ("m2", spec.m2))
        }
        for spec in workbench.config.triples
    ]
    for problem in workbench.config.problems:
        sys.stderr.write(f"{problem}\n")
    if not options.json:
        for spec in workbench.config.triples:
            sys.stdout.write(f"{spec.name:22} {spec.title}\n")
            for member, source in (("M0", spec.base), ("M1", spec.m1), ("M2", spec.m2)):
                name = source.name if source.repo else Path(source.name).name
                sys.stdout.write(f"    {member}  {name}  ({source.licence})  {source.reported_wer}\n")
    return {"default": workbench.default_recipe().triple, "triples": rows, "problems": list(workbench.config.problems)}


def _fetch(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    recipe = workbench.recipe({"triple": options.triple} if options.triple else {}, "command line")
    bench = _open(workbench, recipe)
    if not options.json:
        sys.stdout.write(f"{recipe.triple} is here and fits together.\n")
    prints = {member: bench.fingerprint(member, recipe) for member in ("m0", "m1", "m2")}
    return {"triple": recipe.triple, "fingerprints": prints}


def _merge(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    recipe = _recipe(workbench, options)
    bench = _open(workbench, recipe)
    fingerprint = workbench.export(bench, recipe, options.out)
    if not options.json:
        sys.stdout.write(f"Wrote {options.out}, weights {fingerprint}.\n")
    return {"recipe": recipe.as_dict(), "fingerprint": fingerprint, "folder": str(options.out)}


def _transcribe(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    recipe, models = _recipe(workbench, options), _models(options)
    decoding = workbench.decoding(recipe, options.window, options.max_new_tokens)
    clips = [load_clip(path) for path in options.clips]
    bench = _open(workbench, recipe)
    rows = []
    for path, clip in zip(options.clips, clips, strict=True):
        heard = {}
        for model in models:
            for hypothesis in workbench.stream(bench, model, recipe, clip, decoding, Halt()):
                heard[model] = hypothesis.text
        rows.append({"path": str(path), "seconds": round(clip.seconds, 3), "hypotheses": heard})
        if not options.json:
            sys.stdout.write(f"{path}\n" + "".join(f"  {model:6} {text}\n" for model, text in heard.items()))
    return {"recipe": recipe.as_dict(), "fingerprint": bench.fingerprint("merge", recipe), "clips": rows}


def _evaluate(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    recipe, models = _recipe(workbench, options), _models(options)
    decoding = workbench.decoding(recipe, options.window, options.max_new_tokens)
    corpus = open_corpus(options.corpus, workbench.config.corpora)
    utterances = select(corpus.utterances, options.filter, options.limit, options.seed)
    bench = _open(workbench, recipe)
    evaluation = _with_bar(workbench.evaluate(bench, utterances, models, recipe, decoding, Halt()))
    for problem in (*corpus.problems, *evaluation.problems):
        sys.stderr.write(f"left out: {problem}\n")
    if not options.json:
        sys.stdout.write("\n".join(summary_lines(evaluation)) + "\n")
    subset = {"name": options.corpus, "filter": options.filter, "limit": options.limit, "seed": options.seed}
    prints: dict[str, str] = {model: bench.fingerprint(model, recipe) for model in MODEL_NAMES}
    document = evaluation_document(evaluation, recipe, decoding, prints, subset)
    return document | {"left_out": [*corpus.problems, *evaluation.problems]}


def _with_bar(states: Iterator[Evaluation]) -> Evaluation:
    """Follow an evaluation to its end with a progress bar and its ETA on standard error."""
    with tqdm(unit="clip", file=sys.stderr, desc="evaluate") as bar:
        for state in states:
            bar.total = state.total
            bar.update(state.done - bar.n)
            last = state
    return last


if __name__ == "__main__":
    sys.exit(main())
