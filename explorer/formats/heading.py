"""The first lines of an exported file: what it is, how to use it, and the recipe it was made from."""

import json
import shlex
from collections.abc import Sequence

from explorer.recipe import Recipe

_MARK = "# recipe: "


def heading(recipe: Recipe, fingerprint: str, lines: Sequence[str]) -> str:
    """Return comment lines, for YAML and Python alike.

    Args:
        recipe: that was exported; one line of JSON, for ``written_recipe`` to find.
        fingerprint: of the merged weights in float32.
        lines: how to use the file.
    """
    told = [f"{recipe.summary} of {recipe.triple}, by SA Merge Explorer.", f"merged weights: {fingerprint}", *lines]
    # A name with a line break in it must not end the comment: below it, this may be a program.
    comments = "".join(f"# {' '.join(line.split())}".rstrip() + "\n" for line in told)
    return f"{comments}{_MARK}{json.dumps(recipe.as_dict())}\n"


def written_recipe(text: str) -> dict[str, object] | None:
    """Find the recipe in the first lines of an exported file; None if there is none that can be read."""
    for line in text.splitlines():
        if line.startswith(_MARK):
            try:
                found = json.loads(line.removeprefix(_MARK))
            except (ValueError, RecursionError):
                return None
            return found if isinstance(found, dict) else None
        if line and not line.startswith("#"):
            return None
    return None


def making(triple: str, vectors: Sequence[str] = (), *, base: bool = False) -> list[str]:
    """Return the commands that write a triple's members as folders m1, m2 and, if asked for, m0 and M0 + τ.

    Task vectors, OpenAI's files and half precision are no checkpoints other tools read alike; these folders are.
    """
    of = f"python -m explorer merge --triple {shlex.quote(triple)}"
    flat = f"{of} --method lerp --set lambda"
    scaled = f"{of} --method task-arithmetic --set scale=0"
    lines = [f"{flat}=1 --out m1", f"{flat}=0 --out m2"]
    if base:
        lines.insert(0, f"{scaled} --out m0")
    return lines + [f"{scaled} --add {shlex.quote(name)}=1 --out {shlex.quote(name)}" for name in vectors]


def number_text(value: float) -> str:
    """Write a number so that YAML reads the same float: its 1.1 takes 1e-12, without a dot, for a word."""
    text = repr(float(value))
    return text.replace("e", ".0e", 1) if "e" in text and "." not in text else text
