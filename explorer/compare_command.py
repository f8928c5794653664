"""The command ``compare``: merge methods side by side on one subset, with tables for a terminal and for a README."""

import argparse
import hashlib
import sys
from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

from explorer.bench import Bench
from explorer.calibration import gather_grams, has_grams
from explorer.candidates import candidates, method_names
from explorer.checkpoints.base import terminal_progress
from explorer.comparison import Comparison, compare
from explorer.comparison_report import comparison_document
from explorer.comparison_tables import markdown, text_tables
from explorer.config_file import read_yaml
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import Subset, SubsetSpec, choose, subset_fingerprint
from explorer.methods import METHODS
from explorer.recipe import Recipe
from explorer.text_file import check_place, write_whole
from explorer.text_rules import WHISPER_RULES
from explorer.transcription.decoding import Decoding, Halt
from explorer.workbench import Workbench


def run(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Compare merge methods; what was heard before is remembered, so that a run that was broken off goes on."""
    own = [workbench.recipe(read_yaml(path), path.name) for path in options.recipe]
    methods = method_names(options.methods)
    if options.markdown:
        check_place(options.markdown)
    named = {"triple": options.triple} if options.triple else {}
    start = workbench.recipe(named | {"method": "sa"}, "command line")
    decoding = workbench.decoding(start, options.window)
    with terminal_progress() as progress:
        bench = workbench.bench(start.triple, progress)
    subsets = [
        _subset(workbench, bench, name, options) for name in (options.corpus, options.adult_corpus) if name is not None
    ]
    grams = _grams(workbench, bench, options, decoding) if options.grams_corpus else None

    def read(entries: dict[str, Any]) -> Recipe:
        wanted = {each.name for each in METHODS[entries["method"]].parameters}
        return workbench.recipe(entries | ({"grams": grams} if grams and "grams" in wanted else {}), "command line")

    chosen = candidates(start.triple, methods, own, read, grid=options.grid)
    utterances = [each.utterances for each in subsets]
    comparison = _with_bar(compare(workbench, bench, utterances, chosen, decoding, Halt()), sum(map(len, utterances)))
    corpora = [each.rpartition("/")[2] for each in (options.corpus, options.adult_corpus) if each is not None]
    spec = bench.spec
    document = comparison_document(comparison, corpora, {"m1": spec.m1.label or "M1", "m2": spec.m2.label or "M2"})
    settings = workbench.settings_line(start, decoding, WHISPER_RULES, options.filter)
    document |= {
        "triple": start.triple,
        "settings": settings.partition(f" of {start.triple} · ")[2],
        "subsets": [subset_fingerprint(each.utterances) for each in subsets],
        "fingerprints": {member: bench.fingerprint(member, start) for member in ("m0", "m1", "m2")},
    }
    sys.stderr.write("".join(f"left out: {problem}\n" for problem in document["left_out"]))
    if options.markdown:
        write_whole(markdown(document), options.markdown)
    if not options.json:
        sys.stdout.write("\n".join(text_tables(document)) + "\n")
    return document


def _subset(workbench: Workbench, bench: Bench, name: str, options: argparse.Namespace) -> Subset:
    with terminal_progress() as progress:
        corpus = open_corpus(name, workbench.config.corpora, progress)
    spec = SubsetSpec(
        split=options.split if name == options.corpus else None,
        expression=options.filter if name == options.corpus else "",
        limit=options.limit,
        seed=options.seed,
    )
    return choose(corpus.utterances, spec, bench.normalizer)


def _grams(workbench: Workbench, bench: Bench, options: argparse.Namespace, decoding: Decoding) -> str:
    """Gather the Gram matrices of RegMean, unless those of the same clips are kept already; return their name."""
    names = (options.grams_corpus, options.grams_adult_corpus or options.grams_corpus)
    spec = SubsetSpec(limit=options.grams_limit, seed=options.seed)
    first, second = (choose(open_corpus(name, workbench.config.corpora).utterances, spec).utterances for name in names)
    known = " ".join((subset_fingerprint(first), subset_fingerprint(second), decoding.window))
    name = f"clips-{hashlib.sha256(known.encode()).hexdigest()[:10]}"
    if not has_grams(bench, name):
        with tqdm(unit="clip", file=sys.stderr, desc="grams", total=len(first) + len(second)) as bar:
            gather_grams(bench, name, (first, second), decoding, lambda done: bar.update(done))
    return name


def _with_bar(states: Iterator[Comparison], clips: int) -> Comparison:
    """Follow a comparison to its end; the bar counts hypotheses: that number times their time is what it costs."""
    with tqdm(unit="hyp", file=sys.stderr, desc="merging") as bar:
        for state in states:
            if state.evaluations:
                models = len(state.evaluations[-1].results)
                bar.set_description_str(f"{models} models, {clips} clips")
                bar.total = clips * models
                bar.update(sum(each.hypotheses for each in state.evaluations) - bar.n)
            last = state
    return last
