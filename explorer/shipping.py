"""Makes the file of shipped results anew: ``python -m explorer ship``, after clips, vectors or the default changed."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from explorer.audio import load_clip
from explorer.bench import Bench
from explorer.checkpoints.base import terminal_progress
from explorer.corpora.manifest import read_manifest
from explorer.corpora.utterance import Utterance
from explorer.errors import ConfigError
from explorer.recipe import Recipe
from explorer.shipped import SHIPPED_FILE, SHIPPED_VERSION, file_digest, heard_json, triple_digest
from explorer.stripe import stripe, swept
from explorer.text_file import write_whole
from explorer.transcription.decoding import Halt
from explorer.workbench import MODEL_NAMES, Workbench


def ship(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Write the shipped results where the app looks for them, or elsewhere."""
    target: Path = options.out or workbench.config.path.parent / "assets" / SHIPPED_FILE
    document = make_shipped(workbench, target)
    if not options.json:
        sys.stdout.write(f"Wrote {target}: {len(document['clips'])} clips.\n")
    return {"file": str(target), "clips": len(document["clips"]), "fingerprints": document["fingerprints"]}


def make_shipped(workbench: Workbench, target: Path) -> dict[str, Any]:
    """Let M0, M1, M2, the default merge and its stripe hear the sample clips, and write that.

    Args:
        workbench: with the default recipe; the first of its corpora is the sample clips.
        target: the file.

    Returns:
        What was written.

    Raises:
        ConfigError: there are no sample clips, or the file cannot be written.
    """
    folder = workbench.config.corpora[0].path if workbench.config.corpora else None
    if folder is None:
        raise ConfigError(f"{workbench.config.path.name}: the first of corpora is the sample clips; give it a path.")
    recipe = workbench.default_recipe()
    with terminal_progress() as progress:
        bench = workbench.bench(recipe.triple, progress)
    samples = read_manifest(folder).utterances
    rows = [_row(workbench, bench, recipe, sample) for sample in tqdm(samples, unit="clip", file=sys.stderr)]
    document = {
        "version": SHIPPED_VERSION,
        "recipe": recipe.as_dict(),
        "key": swept(recipe),
        "triple": triple_digest(bench.spec),
        "fingerprints": {member: bench.fingerprint(member, recipe) for member in ("m0", "m1", "m2")},
        "decoding": workbench.decoding(recipe).summary,
        "clips": rows,
    }
    write_whole(json.dumps(document, ensure_ascii=False, indent=1) + "\n", target)
    return document


def _row(workbench: Workbench, bench: Bench, recipe: Recipe, sample: Utterance) -> dict[str, Any]:
    clip, decoding = load_clip(sample.path, sample.id), workbench.decoding(recipe)
    models = {}
    for model in MODEL_NAMES:
        for hypothesis in workbench.stream(bench, model, recipe, clip, decoding, Halt()):
            heard = hypothesis
        models[model] = heard_json(heard.text, bench.align(sample.reference, heard.text), not heard.ended)
    for stops in stripe(workbench, bench, recipe, clip, sample.reference, decoding, Halt()):
        heard_along = stops
    return {
        "id": sample.id,
        "sound": file_digest(sample.path),
        "reference": sample.reference,
        "models": models,
        "stripe": {
            f"{stop.value:g}": heard_json(stop.text, stop.alignment, stop.cut)
            for stop in heard_along
            if stop.alignment is not None
        },
    }
