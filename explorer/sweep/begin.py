"""What a sweep asks → its file, begun or taken up; the two ways in, the command and the page, share this."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from explorer.bench import Bench
from explorer.config import Window
from explorer.corpora.utterance import Utterance
from explorer.errors import RecipeError
from explorer.recipe import Recipe
from explorer.sweep.file import PARENTS, Row, SweepFile
from explorer.sweep.grid import Axis, cells_of, merge_key
from explorer.text_rules import NormalizerKind, TextRules
from explorer.transcription.decoding import Decoding, Precision


@dataclass(frozen=True)
class Question:
    """What a sweep asks.

    Attributes:
        base: recipe whose two parameters vary.
        x: the first of them.
        y: the second.
        decoding: options.
        rules: how text is normalised.
        corpora: names and how the subsets were chosen, for people and for taking the sweep up.
        racing: whether cells that cannot win are stopped early.
    """

    base: Recipe
    x: Axis
    y: Axis
    decoding: Decoding
    rules: TextRules
    corpora: tuple[dict[str, Any], ...]
    racing: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return it as the file carries it."""
        return {
            "base": self.base.as_dict(),
            "x": {"name": self.x.name, "values": list(self.x.values)},
            "y": {"name": self.y.name, "values": list(self.y.values)},
            "decoding": {
                "window": self.decoding.window,
                "max_new_tokens": self.decoding.max_new_tokens,
                "precision": self.decoding.precision,
            },
            "rules": {"kind": self.rules.kind, "keep_fillers": self.rules.keep_fillers},
            "corpora": list(self.corpora),
            "racing": self.racing,
        }


def decoding_of(about: dict[str, Any]) -> Decoding:
    """Read the decoding options of a file."""
    kept = about["decoding"]
    return Decoding(cast(Window, kept["window"]), kept["max_new_tokens"], cast(Precision, kept["precision"]))


def rules_of(about: dict[str, Any]) -> TextRules:
    """Read the text rules of a file."""
    return TextRules(cast(NormalizerKind, about["rules"]["kind"]), bool(about["rules"]["keep_fillers"]))


def begin(path: Path, question: Question, bench: Bench, corpora: Sequence[Sequence[Utterance]]) -> SweepFile:
    """Begin a sweep's file.

    Args:
        path: must not exist.
        question: what is asked.
        bench: the open triple.
        corpora: clips in the order in which they will be heard, see ``racing.race_order``.

    Raises:
        ConfigError: the file is there already or cannot be written.
        RecipeError: a parameter is unknown or out of range, or there is nothing to hear.
    """
    if not all(corpora):
        raise RecipeError("sweep: expected at least one utterance in each corpus; choose another subset.")
    cells = cells_of(question.base, question.x, question.y)
    for cell in (cells[0], cells[-1]):
        bench.live.check(cell.recipe)
    parents = [Row(number, -1, -1, {}, name) for name, number in PARENTS.items()]
    heads = int(bench.live.triple.config["encoder_attention_heads"])
    rows = [Row(c.number, c.x, c.y, c.recipe.as_dict(), merge_key(c.recipe, bench.depths, heads)) for c in cells]
    members = {member: bench.live.fingerprint(member) for member in ("m0", "m1", "m2")}
    clips = [[(utterance.id, utterance.speaker) for utterance in each] for each in corpora]
    about = question.as_dict() | {"fingerprints": members, "depths": dict(bench.depths)}
    return SweepFile.create(path, about, clips, [*parents, *rows])


def check_members(file: SweepFile, bench: Bench) -> None:
    """See that a file was begun with these checkpoints.

    Raises:
        RecipeError: it was not.
    """
    for member, kept in file.about()["fingerprints"].items():
        if bench.live.fingerprint(member) != kept:
            raise RecipeError(f"{file.path}: was begun with another {member.upper()}; begin a new sweep.")
