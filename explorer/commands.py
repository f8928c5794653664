"""What each command of the command line does: options in, one document out; text for people goes to standard output."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from tqdm import tqdm

from explorer.audio import load_clip
from explorer.bench import Bench
from explorer.calibration import gather_grams
from explorer.checkpoints.ahead import check_ahead
from explorer.checkpoints.base import terminal_progress
from explorer.config_file import read_yaml
from explorer.corpora.id_list import write_ids
from explorer.corpora.index import clear_indexes
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import SubsetSpec, choose
from explorer.errors import RecipeError
from explorer.evaluation import Evaluation
from explorer.learning.kept import clear_runs
from explorer.methods import METHODS
from explorer.needles import Needles
from explorer.recipe import Recipe
from explorer.recipe_options import recipe_of
from explorer.report import Run, evaluation_document, shown, summary_lines
from explorer.report_file import report_kind, write_report
from explorer.text_rules import text_rules
from explorer.transcription.decoding import Halt
from explorer.workbench import MODEL_NAMES, ModelName, Workbench


def _open(workbench: Workbench, recipe: Recipe) -> Bench:
    with terminal_progress() as progress:
        return workbench.bench(recipe.triple, progress)


def _models(options: argparse.Namespace) -> list[ModelName]:
    names = list(dict.fromkeys(each for each in options.models.split(",") if each))
    unknown = [name for name in names if name not in MODEL_NAMES]
    if unknown or not names:
        raise RecipeError(f"--models: expected some of {', '.join(MODEL_NAMES)}, but got {options.models!r}.")
    return cast(list[ModelName], names)


def triples(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """List the triples, their sources and licences."""
    rows = [
        {"name": spec.name, "title": spec.title, "window": spec.window}
        | {
            member: {"source": source.name, "licence": source.licence, "provenance": source.provenance}
            | {"revision": source.revision, "reported_wer": source.reported_wer}
            for member, source in (("base", spec.base), ("m1", spec.m1), ("m2", spec.m2))
        }
        | {"vectors": {name: source.name for name, source in spec.vectors.items()}}
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
            if spec.vectors:
                sys.stdout.write(f"    τ   {', '.join(spec.vectors)}\n")
    return {"default": workbench.default_recipe().triple, "triples": rows, "problems": list(workbench.config.problems)}


def methods(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """List the merge methods with their equations, parameters and papers."""
    if not options.json:
        for name, row in METHODS.items():
            sys.stdout.write(f"{name:16} {row.title}\n    {row.equation}\n    {row.meaning}\n")
            for each in row.parameters:
                sys.stdout.write(f"    --set {each.name}={each.default}  {each.span}: {each.meaning}\n")
            sys.stdout.write(f"    {row.paper}\n")
    return {
        "default": workbench.default_recipe().method,
        "methods": {name: asdict(row) for name, row in METHODS.items()},
    }


def fetch(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Fetch and check a triple, or only look at what would be fetched."""
    recipe = workbench.recipe({"triple": options.triple} if options.triple else {}, "command line")
    if options.look:
        return _look(workbench, recipe.triple, quiet=options.json)
    bench = _open(workbench, recipe)
    if not options.json:
        sys.stdout.write(f"{recipe.triple} is here and fits together.\n")
    prints = {member: bench.fingerprint(member, recipe) for member in ("m0", "m1", "m2")}
    return {"triple": recipe.triple, "fingerprints": prints}


def _look(workbench: Workbench, triple: str, *, quiet: bool) -> dict[str, Any]:
    spec = workbench.config.triple(triple)
    with terminal_progress() as progress:
        listings = check_ahead(spec, progress)
    rows: list[dict[str, Any]] = [
        {"member": name, "repo": getattr(spec, name).repo, "commit": each.commit, "licence": each.licence}
        | {"bytes": each.size}
        for name, each in listings.items()
    ]
    if not quiet:
        for row in rows:
            size = f"{row['bytes'] / 1e6:.0f} MB"
            sys.stdout.write(f"{row['member']:4} {row['repo']} at {row['commit'][:12]}: {size}, {row['licence']}\n")
        told = f"{triple} fits together; nothing was fetched." if rows else f"Nothing of {triple} has to be fetched."
        sys.stdout.write(f"{told}\n")
    return {"triple": triple, "fetch": rows}


def anatomy(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Say in numbers what fine-tuning changed: task vectors layer by layer, and how they are aligned."""
    recipe = workbench.recipe({"triple": options.triple} if options.triple else {}, "command line")
    document = workbench.anatomy(_open(workbench, recipe))
    if not options.json:
        sys.stdout.write("stack    kind          ‖τ1‖/‖W0‖  ‖τ2‖/‖W0‖  cosine  conflicts\n")
        for row in document["kinds"]:
            sys.stdout.write(
                f"{row['stack']:8} {row['kind']:12} {row['relative_1']:10.4f} {row['relative_2']:10.4f} "
                f"{row['cosine']:7.3f} {100 * row['conflicts']:8.1f} %\n"
            )
        for name, shares in document["energy"].items():
            listed = ", ".join(f"{part} {100 * share:.1f} %" for part, share in shares.items() if share)
            sys.stdout.write(f"energy of {name}: {listed}\n")
    return document


def grams(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Let M1 and M2 hear clips and keep the Gram matrices of their layers' inputs, for RegMean."""
    named = {"triple": options.triple} if options.triple else {}
    recipe = workbench.recipe({**named, "method": "regmean", "grams": options.name}, "command line")
    decoding = workbench.decoding(recipe, options.window)
    spec = SubsetSpec(split=options.split, expression=options.filter, limit=options.limit, seed=options.seed)
    names = (options.corpus, options.adult_corpus or options.corpus)
    first, second = (choose(open_corpus(name, workbench.config.corpora).utterances, spec).utterances for name in names)
    bench = _open(workbench, recipe)
    with tqdm(unit="clip", file=sys.stderr, desc="grams", total=len(first) + len(second)) as bar:
        heard = gather_grams(bench, options.name, (first, second), decoding, lambda done: bar.update(done))
    if not options.json:
        sys.stdout.write(f"Kept {options.name} of {heard} clips: --method regmean --set grams={options.name}.\n")
    return {"triple": recipe.triple, "grams": options.name, "clips": heard, "corpora": list(names)}


def transcribe(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Say what each model hears in each clip."""
    recipe, models = recipe_of(workbench, options), _models(options)
    decoding = workbench.decoding(recipe, options.window, options.max_new_tokens, options.precision)
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


def evaluate(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Compute word error rates over a subset of a corpus."""
    recipe, models = recipe_of(workbench, options), _models(options)
    pins = {f"pin-{number}": _pinned(workbench, path) for number, path in enumerate(options.pin, start=1)}
    decoding = workbench.decoding(recipe, options.window, options.max_new_tokens, options.precision)
    rules = text_rules(options.normalizer, options.keep_fillers)
    for path in options.out:
        report_kind(path)  # a mistake in a name is told before the work, not after it
    with terminal_progress() as progress:
        corpus = open_corpus(options.corpus, workbench.config.corpora, progress)
    bench = _open(workbench, recipe)
    spec = SubsetSpec(
        split=options.split,
        ids=options.ids,
        expression=options.filter,
        hypotheses=options.hypotheses,
        limit=options.limit,
        seed=options.seed,
    )
    subset = choose(corpus.utterances, spec, bench.normalizer)
    if options.write_ids:
        write_ids(options.write_ids, subset.utterances)
    states = workbench.evaluate(bench, subset.utterances, models, recipe, decoding, Halt(), rules, pins, alone=True)
    evaluation = _with_bar(states)
    left_out = [*corpus.problems, *subset.problems, *evaluation.problems]
    sys.stderr.write("".join(f"left out: {problem}\n" for problem in left_out))
    if not options.json:
        sys.stdout.write("\n".join(summary_lines(evaluation)) + "\n")
    models_heard = [*models, *pins]
    chosen = {
        "name": options.corpus,
        "split": options.split,
        "filter": options.filter,
        "limit": options.limit,
        "seed": options.seed,
        "steps": [[step.rule, step.removed] for step in subset.steps],
        "fingerprint": subset.fingerprint,
    }
    run = Run(
        corpus=options.corpus.rpartition("/")[2],
        evaluation=evaluation,
        titles={name: shown(name) for name in models_heard},
        settings=workbench.settings_line(recipe, decoding, rules, options.filter),
        recipe=recipe,
        pins=pins,
        decoding=decoding,
        rules=rules,
        fingerprints=workbench.fingerprints(bench, [*MODEL_NAMES, *pins], {"merge": recipe, **pins}),
        subset=chosen,
        left_out=tuple(left_out),
    )
    for path in options.out:
        write_report([run], path)
    if workbench.store is not None:
        Needles(workbench).note(bench, run)
    return evaluation_document(run)


def clear(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Forget what models have heard, the indexes of corpora, runs of learning and what was recorded of the needle."""
    hypotheses = workbench.store.clear() if workbench.store else 0
    indexes, runs, points = clear_indexes(), clear_runs(), Needles(workbench).record.clear()
    if not options.json:
        sys.stdout.write(
            f"Forgot {hypotheses} hypotheses, {indexes} corpus indexes, {runs} runs of learning and {points} points "
            "of the needle's record.\n"
        )
    return {"hypotheses": hypotheses, "indexes": indexes, "learning": runs, "needle": points}


def _pinned(workbench: Workbench, path: Path) -> Recipe:
    return workbench.recipe(read_yaml(path), path.name)


def _with_bar(states: Iterator[Evaluation]) -> Evaluation:
    """Follow an evaluation to its end with a progress bar and its ETA on standard error."""
    with tqdm(unit="clip", file=sys.stderr, desc="evaluate") as bar:
        for state in states:
            bar.total = state.total
            bar.update(state.done - bar.n)
            last = state
    return last
