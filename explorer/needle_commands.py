"""Commands about the likelihood of what was said: layers, calibrate-needle."""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from explorer.bench import Bench
from explorer.checkpoints.base import terminal_progress
from explorer.corpora.manifest import read_manifest
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import SubsetSpec, choose
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError, ExplorerError, RecipeError
from explorer.needle import MAX_CLIPS
from explorer.needle_trial import keep_trial, run_trial, split_trial
from explorer.needles import Needles, trial_sentence
from explorer.recipe import Recipe
from explorer.recipe_options import recipe_of
from explorer.transcription.decoding import Halt
from explorer.which_layer import which_layer
from explorer.workbench import Workbench

SHOWN = 10


def layers(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Say which layer did it: how well the reference is expected with one layer set to M1's or to M2's."""
    recipe = recipe_of(workbench, options)
    utterances = _utterances(workbench, options)
    bench = _open(workbench, recipe)
    document: dict[str, Any] = {}
    with tqdm(file=sys.stderr, desc="layers", bar_format="{l_bar}{bar}| {elapsed}<{remaining}") as bar:
        for state in which_layer(Needles(workbench), bench, recipe, utterances, Halt()):
            document = state
            if "total" in state:
                bar.total = state["total"]
                bar.update(state["done"] - bar.n)
    rows = document["rows"]
    if options.word is not None:
        document |= {"word": _word(document, options.word)}
        rows = document["word"]["rows"]
    if not options.json:
        sys.stdout.write("\n".join(_lines(document, rows)) + "\n")
    return document


def calibrate_needle(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Find out how often a better needle means a better WER, and keep it for the page."""
    recipe = workbench.recipe({"triple": options.triple} if options.triple else {}, "command line")
    with terminal_progress() as progress:
        corpus = open_corpus(options.corpus, workbench.config.corpora, progress)
    spec = SubsetSpec(expression=options.filter, limit=options.limit, seed=options.seed)
    trial = split_trial(choose(corpus.utterances, spec).utterances)
    bench, needles = _open(workbench, recipe), Needles(workbench)
    document: dict[str, Any] = {}
    with tqdm(unit="clip", file=sys.stderr, desc="calibrate-needle") as bar:
        for state in run_trial(needles, bench, _corpus_title(options.corpus), trial, Halt()):
            document = state
            if "total" in state:
                bar.total = state["total"]
                bar.update(state["done"] - bar.n)
    keep_trial(options.out or needles.shipped_path(), document)
    if not options.json:
        sys.stdout.write(f"{trial_sentence(document)}\n")
    return document


def _open(workbench: Workbench, recipe: Recipe) -> Bench:
    with terminal_progress() as progress:
        return workbench.bench(recipe.triple, progress)


def _corpus_title(name: str) -> str:
    return name.rpartition(":")[2].rstrip("/").rpartition("/")[2]


def _utterances(workbench: Workbench, options: argparse.Namespace) -> Sequence[Utterance]:
    if options.corpus:
        if options.clips:
            raise RecipeError("layers: expected clips or --corpus, but got both; leave one out.")
        with terminal_progress() as progress:
            corpus = open_corpus(options.corpus, workbench.config.corpora, progress)
        limit = min(options.limit or MAX_CLIPS, MAX_CLIPS)
        spec = SubsetSpec(expression=options.filter, limit=limit, seed=options.seed)
        return choose(corpus.utterances, spec).utterances
    if options.reference and len(options.reference) != len(options.clips):
        got = f"{len(options.reference)} for {len(options.clips)} clips"
        raise RecipeError(f"--reference: expected one for each clip, but got {got}.")
    references = options.reference or [_beside(path) for path in options.clips]
    pairs = zip(options.clips, references, strict=True)
    return [Utterance(path.name, path, text, path.name) for path, text in pairs]


def _beside(path: Path) -> str:
    """Find what was said in a clip of a manifest's folder."""
    try:
        known = {each.path.resolve(): each.reference for each in read_manifest(path.parent).utterances}
    except ExplorerError:
        known = {}
    if path.resolve() not in known:
        raise CorpusError(f"{path}: what was said is not known; give --reference TEXT, one for each clip.")
    return known[path.resolve()]


def _word(document: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Pick one word of the first clip out of every row.

    Raises:
        RecipeError: the clip has no such word.
    """
    words = document["clips"][0]["words"]
    if not 1 <= number <= len(words):
        raise RecipeError(f"--word: expected 1 to {len(words)} in {document['clips'][0]['id']}, but got {number}.")
    word, loss, right = words[number - 1]
    rows = []
    for row in document["rows"]:
        swapped, first = row["words"][0][number - 1]
        place = {key: row[key] for key in ("lane", "layer", "to")}
        rows.append(place | {"delta": round(swapped - loss, 6), "right": first, "fixes": first and not right})
    return {"word": word, "number": number, "loss": loss, "right": right, "rows": rows}


def _lines(document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if "word" in document:
        word = document["word"]
        state = "the merge's own choice" if word["right"] else "not the merge's own choice"
        lines = [f"“{word['word']}” ({state}, probability {math.exp(-word['loss']):.3f}), with one layer set to"]
    else:
        lines = [f"{document['value']:.4f} nats per token over {document['tokens']} tokens; with one layer set to"]
    for row in sorted(rows, key=lambda each: -abs(each["delta"]))[:SHOWN]:
        share = 100 * math.expm1(-row["delta"])
        rest = f", WER {100 * document['wer']:.1f} → {100 * row['wer']:.1f} %" if row.get("wer") is not None else ""
        rest += ", and the word is right" if row.get("fixes") else ""
        place = f"{row['lane']} layer {row['layer']}"
        lines.append(f"  {row['to'].upper()}  {place:22} Δ {row['delta']:+.4f} nats, {share:+.1f} % likelihood{rest}")
    return lines
