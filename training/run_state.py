"""The folder beside a task vector in which its run keeps what it needs to go on after being killed.

X.training/state.safetensors     weights and optimiser at a step; written beside and renamed
X.training/epoch-N.safetensors   weights at the end of an epoch
X.training/losses.jsonl          a line a step
X.training/unquantised.safetensors   τ as learned, once the run is over
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from training.errors import TrainingError
from training.task_vector_file import save_beside


@dataclass
class Standing:
    """Where a run stands.

    Attributes:
        step: steps done.
        epochs: what was measured at the end of each epoch so far.
    """

    step: int = 0
    epochs: list[dict[str, Any]] = field(default_factory=list)


class RunFolder:
    """Reads and writes what a run keeps."""

    def __init__(self, out: Path, identity: str) -> None:
        """Take the place.

        Args:
            out: the task vector that the run will write.
            identity: names all that the result depends on; another run's folder is not gone on with.
        """
        self.path = out.with_suffix(".training")
        self._identity = identity
        self._state = self.path / "state.safetensors"
        self._losses = self.path / "losses.jsonl"

    def clear(self) -> None:
        """Forget the run."""
        shutil.rmtree(self.path, ignore_errors=True)

    def save(self, standing: Standing, tensors: dict[str, Tensor]) -> None:
        """Keep a step."""
        facts = {"identity": self._identity, "step": str(standing.step), "epochs": json.dumps(standing.epochs)}
        save_beside(tensors, self._state, facts)

    def load(self) -> tuple[Standing, dict[str, Tensor]] | None:
        """Return the step last kept, or None for a run that has not begun; loss lines after it are dropped.

        Raises:
            TrainingError: the folder belongs to a run with other options or other data.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if not self._state.exists():
            self._losses.unlink(missing_ok=True)
            return None
        try:
            with safe_open(self._state, framework="pt") as file:
                facts = file.metadata()
            if facts["identity"] != self._identity:
                raise TrainingError(
                    f"{self.path}: holds a run with other options or data; give --fresh to begin anew or another --out."
                )
            tensors = load_file(self._state)
        except (SafetensorError, OSError, KeyError, TypeError) as error:
            raise TrainingError(f"{self._state}: is damaged ({error}); give --fresh to begin anew.") from error
        standing = Standing(int(facts["step"]), json.loads(facts["epochs"]))
        lines = self._losses.read_text(encoding="utf-8").splitlines()[: standing.step]
        self._losses.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return standing, tensors

    def note_loss(self, step: int, loss: float, rate: float) -> None:
        """Write a step's loss down."""
        with self._losses.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": step, "loss": round(loss, 6), "learning_rate": rate}) + "\n")

    def keep_epoch(self, number: int, weights: dict[str, Tensor]) -> None:
        """Keep the weights at the end of an epoch, counted from 1."""
        save_beside(weights, self.path / f"epoch-{number}.safetensors", {})

    def mean_of_epochs(self, numbers: list[int]) -> dict[str, Tensor]:
        """Return the mean of the weights of some epochs, float32."""
        each = [load_file(self.path / f"epoch-{number}.safetensors") for number in numbers]
        return {name: sum((weights[name] for weights in each[1:]), each[0][name]) / len(each) for name in each[0]}

    def finish(self, vector: dict[str, Tensor]) -> None:
        """Keep τ unquantised and the losses, drop the rest."""
        save_beside(vector, self.path / "unquantised.safetensors", {})
        for path in (self._state, *self.path.glob("epoch-*.safetensors")):
            path.unlink(missing_ok=True)
