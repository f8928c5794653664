"""Results that come with the repository: what the default triple hears in the sample clips, without running a model.

They are shown only while they belong to what is here: the file names the contents of the task vectors, the default
recipe, every clip and every reference that it was made from. ``python -m explorer ship`` makes it anew.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.config import Config, Source, TripleSpec
from explorer.corpora.utterance import Utterance
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, recipe_from
from explorer.scoring import Alignment, decoded, encoded
from explorer.transcription.decoding import Decoding

SHIPPED_FILE = "shipped.json"
SHIPPED_VERSION = 1
_log = logging.getLogger(__name__)
Json = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """What one model heard in a sample clip.

    Attributes:
        text: as decoded.
        alignment: with the clip's reference.
        cut: the token limit ended it.
    """

    text: str
    alignment: Alignment
    cut: bool


@dataclass(frozen=True)
class Shipped:
    """Results for the sample clips.

    Attributes:
        recipe: of the merge.
        key: the recipe's entry that a stripe moves along.
        fingerprints: of M0, M1 and M2.
        models: by clip and model.
        stripes: by clip, what the merge heard at each value of ``key``, ascending.
    """

    recipe: Recipe
    key: str
    fingerprints: Mapping[str, str]
    models: Mapping[str, Mapping[str, Heard]]
    stripes: Mapping[str, Mapping[float, Heard]]

    def heard(self, clip: str, recipe: Recipe) -> Mapping[str, Heard] | None:
        """Return what M0, M1, M2 and the merge of a recipe hear in a sample clip, or None where that is not known."""
        models = self.models.get(clip)
        if models is None or recipe == self.recipe:
            return models
        stripe = self.stripe(clip, recipe)
        stop = stripe and stripe.get(round(float(recipe.as_dict()[self.key]), 6))
        return {**models, "merge": stop} if stop else None

    def stripe(self, clip: str, recipe: Recipe) -> Mapping[float, Heard] | None:
        """Return what merges hear along λ, or None where a recipe differs in more than that."""
        entries = recipe.as_dict()
        if self.key not in entries or entries | {self.key: 0} != self.recipe.as_dict() | {self.key: 0}:
            return None
        return self.stripes.get(clip)


def heard_json(text: str, alignment: Alignment, cut: bool) -> Json:
    """Return what one model heard as the file carries it."""
    return {"text": text, "words": " ".join(encoded(alignment))} | ({"cut": True} if cut else {})


def triple_digest(spec: TripleSpec) -> str:
    """Name what a triple's weights are made from: contents of task vectors, otherwise repository or folder.

    Raises:
        OSError: a task vector cannot be read.
    """
    digest = hashlib.sha256()
    for source in (spec.base, spec.m1, spec.m2):
        digest.update(f"{_origin(source)}\n".encode())
    return digest.hexdigest()[:16]


def _origin(source: Source) -> str:
    if source.task_vector is not None:
        return file_digest(source.task_vector)
    return f"{source.repo}@{source.revision}" if source.repo else str(source.folder)


def file_digest(path: Path) -> str:
    """Hash a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_shipped(path: Path, config: Config, samples: Iterable[Utterance]) -> Shipped | None:
    """Read the shipped results as far as they belong to what is here; None, and a line in the log, if they do not.

    Args:
        path: of the file.
        config: of checkpoints.yaml: the default recipe and its triple.
        samples: the sample clips; one whose sound or reference is another now is left out.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        recipe = recipe_from(document["recipe"], path.name)
        default = recipe_from(config.default, path.name)
        if document["version"] != SHIPPED_VERSION or recipe != default:
            raise ValueError("they are of another default recipe")
        spec = config.triple(recipe.triple)
        if document["triple"] != triple_digest(spec):
            raise ValueError(f"they are of other weights than those of {recipe.triple}")
        if document["decoding"] != Decoding(spec.window).summary:
            raise ValueError("they were decoded in another way")
        here = {each.id: each for each in samples}
        rows = {row["id"]: row for row in document["clips"] if _belongs(row, here.get(row["id"]))}
        if not rows:
            raise ValueError("they are of other sample clips")
        return Shipped(
            recipe=recipe,
            key=document["key"],
            fingerprints=document["fingerprints"],
            models={name: {model: _heard(each) for model, each in row["models"].items()} for name, row in rows.items()},
            stripes={
                name: {float(value): _heard(each) for value, each in row["stripe"].items()}
                for name, row in rows.items()
            },
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ExplorerError) as error:
        _log.warning("%s: the shipped results are not shown: %s; python -m explorer ship makes them anew.", path, error)
        return None


def _belongs(row: Json, sample: Utterance | None) -> bool:
    return sample is not None and sample.reference == row["reference"] and file_digest(sample.path) == row["sound"]


def _heard(each: Json) -> Heard:
    return Heard(
        str(each["text"]), decoded(each["words"].split(" ") if each["words"] else ()), bool(each.get("cut", False))
    )
