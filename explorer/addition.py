"""Task-vector arithmetic: β·τ added to a merge, over the parts of the model one chooses (arXiv 2212.04089)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from explorer.attention import PARTS, Part
from explorer.checks import number, one_of, some_of
from explorer.config import TripleSpec, named_source
from explorer.errors import RecipeError, seen

MAX_BETA = 2.0
PLACES_REFUSED = (
    "this server adds no checkpoints but those it lists; whoever runs it can start it with --serve-corpora."
)


@dataclass(frozen=True)
class Addition:
    """β·τ, added to a merge: task-vector arithmetic (arXiv 2212.04089).

    Attributes:
        vector: ``m1``, ``m2``, a name under the triple's ``vectors``, or a checkpoint by its place:
            ``folder:PATH`` or ``hub:OWNER/NAME``.
        beta: β in [−2, 2]; negative takes away.
        scope: parts of the model it is added to.
    """

    vector: str
    beta: float
    scope: tuple[Part, ...] = PARTS

    def as_dict(self) -> dict[str, Any]:
        """Return it as a recipe carries it."""
        scope = {} if self.scope == PARTS else {"scope": list(self.scope)}
        return {"vector": self.vector, "beta": self.beta, **scope}


def check_vectors(additions: Sequence[Addition], spec: TripleSpec, where: str, *, own_places: bool) -> None:
    """See that a triple has the task vectors that a recipe adds.

    Args:
        additions: of the recipe.
        spec: the triple.
        where: what the messages call the recipe's source.
        own_places: whether it may name checkpoints by their place.

    Raises:
        RecipeError: it has not, or a place is named where that is not allowed.
    """
    for each in additions:
        if not named_source(each.vector):
            one_of(each.vector, ("m1", "m2", *spec.vectors), f"{where}: add: vector")
        elif not own_places:
            raise RecipeError(f"{where}: add: {each.vector}: {PLACES_REFUSED}")


def read_additions(value: object, where: str) -> tuple[Addition, ...]:
    """Read the list of a recipe's ``add``.

    Raises:
        RecipeError: it is no list, or an entry lacks something, has an unknown key or a value out of range.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RecipeError(f"{where}: expected a list such as [{{vector: m2, beta: 0.3}}], but got {seen(value)}.")
    return tuple(_read_addition(each, f"{where}[{index}]") for index, each in enumerate(value))


def _read_addition(value: object, where: str) -> Addition:
    if not isinstance(value, Mapping) or not {"vector", "beta"} <= set(value) <= {"vector", "beta", "scope"}:
        raise RecipeError(f"{where}: expected vector, beta and, if need be, scope, but got {seen(value)}.")
    vector = value["vector"]
    if not isinstance(vector, str) or not vector:
        raise RecipeError(f"{where}.vector: expected the name of a task vector, but got {seen(vector)}.")
    scope = some_of(value.get("scope", PARTS), PARTS, f"{where}.scope")
    beta = number(value["beta"], -MAX_BETA, MAX_BETA, f"{where}.beta")
    return Addition(vector, beta, cast(tuple[Part, ...], scope))
