"""Fine-tune a Whisper on a corpus and write what it learned as a task vector.

    python -m training.fine_tune --corpus FOLDER --out child.safetensors --epochs 4 --held-out-speakers 5

A run that was killed goes on by itself where it was, at most two minutes back, and ends with the same losses.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch

from explorer.checkpoints.task_vector import task_vector_header
from explorer.device import pick_device
from training.base_model import load_base
from training.batches import BatchMaker
from training.command import command
from training.errors import TrainingError
from training.judging import Judge
from training.learner import Learner
from training.material import Labels, Material, gather
from training.network import learning_network
from training.options import Options, options_from
from training.progress import Progress
from training.run_state import RunFolder, Standing
from training.spectrogram import LogMel
from training.task_vector_file import commit_of_script, digest, write_task_vector

CHECKPOINT_SECONDS = 110.0  # a step and the writing come on top; two minutes is what a killed run may lose


class Run:
    """One run, from wherever it stands to its end."""

    def __init__(self, options: Options) -> None:
        """Read and load everything.

        Raises:
            ExplorerError: base, corpus or options cannot be used.
        """
        self.options = options
        self._commit = commit_of_script()  # now: the files may change under a run of hours
        self.base = load_base(options.base)
        label = Labels(self.base.folder)
        self.material: Material = gather(options, label)
        self.identity = digest(
            [options.as_dict(), self.material.fingerprint, len(self.material.real), self.base.facts["base_fingerprint"]]
        )
        self._batches = BatchMaker(self.material, LogMel(self.base.folder), options)
        self.steps = min(options.steps or sys.maxsize, options.epochs * self._batches.steps_per_epoch)
        device = pick_device(options.device)
        model = learning_network(self.base.config, self.base.weights, options.dropout)
        model.to(device)  # type: ignore[arg-type]  # transformers' stub takes itself for the device
        self._learner = Learner(model, options, self.steps)
        self._judge = Judge(self.base.folder, self.material.held_out, label) if self.material.held_out else None
        self._folder = RunFolder(options.out, self.identity)
        self._progress = Progress(self.steps)

    def is_done(self) -> bool:
        """Say whether the task vector is there already.

        Raises:
            TrainingError: another one is.
        """
        if self.options.fresh or not self.options.out.exists():
            return False
        if task_vector_header(self.options.out).get("run") != self.identity:
            raise TrainingError(f"{self.options.out}: is another run's; give --fresh to replace it, or another --out.")
        return True

    def go(self) -> None:
        """Train to the end and write the task vector.

        Raises:
            TrainingError: the folder of the run is another run's, or broken.
        """
        if self.options.fresh:
            self._folder.clear()
        standing = Standing()
        kept = self._folder.load()
        if kept is not None:
            standing = kept[0]
            self._learner.restore(standing.step, kept[1])
            self._progress.say(f"going on after step {standing.step} of {self.steps}")
        self._learn(standing)
        chosen = self._chosen(standing.epochs)
        weights = self._folder.mean_of_epochs(chosen)
        vector = {name: tensor - self.base.weights[name] for name, tensor in weights.items()}
        write_task_vector(self.options.out, vector, self._facts(standing, chosen))
        self._folder.finish(vector)
        self._progress.say(f"wrote {self.options.out} from epoch {' and '.join(map(str, chosen))}")

    def _learn(self, standing: Standing) -> None:
        saved = time.monotonic()
        per_epoch = self._batches.steps_per_epoch
        while standing.step < self.steps and not self._should_stop(standing.epochs):
            epoch, number = divmod(standing.step, per_epoch)
            loss, rate = self._learner.step(standing.step, self._batches.batch(epoch, number))
            standing.step += 1
            self._folder.note_loss(standing.step, loss, rate)
            self._progress.stepped(standing.step, loss)
            over = number + 1 == per_epoch or standing.step == self.steps
            if over:
                self._end_epoch(standing, epoch + 1)
            if over or time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._folder.save(standing, self._learner.state())
                saved = time.monotonic()
            self._progress.resting()

    def _end_epoch(self, standing: Standing, number: int) -> None:
        measured = self._judge(self._learner.model) if self._judge else {}
        self._folder.keep_epoch(number, self._learner.weights())
        standing.epochs.append({"epoch": number, **measured})
        said = "".join(f", {name} {value:g}" for name, value in measured.items())
        self._progress.say(f"epoch {number} of {self.options.epochs} is over{said}")

    def _should_stop(self, epochs: Sequence[dict[str, Any]]) -> bool:
        patience = self.options.early_stop
        if patience is None or len(epochs) <= patience:
            return False
        values = [each[self.options.choose_by] for each in epochs]
        return bool(min(values[-patience:]) >= min(values[:-patience]))

    def _chosen(self, epochs: Sequence[dict[str, Any]]) -> list[int]:
        """Return the epochs to average: the best on the held-out speakers, later ones first where they are equal."""
        key = self.options.choose_by if self._judge else "epoch"
        sign = 1 if self._judge else -1
        ordered = sorted(epochs, key=lambda each: (sign * each[key], -each["epoch"]))
        return sorted(each["epoch"] for each in ordered[: self.options.average_checkpoints])

    def _facts(self, standing: Standing, chosen: Sequence[int]) -> dict[str, str]:
        return {
            **self.base.facts,
            **self.material.facts,
            "run": self.identity,
            "seed": str(self.options.seed),
            "steps": str(standing.step),
            "options": json.dumps(self.options.as_dict(), sort_keys=True),
            "epochs": json.dumps({"measured on held-out speakers": standing.epochs, "averaged": list(chosen)}),
            "commit": self._commit,
            "trained_on": self._learner.model.device.type,
        }


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Run one training and return its exit code: 0, or 2 for a mistake of the user's."""
    options = options_from(arguments)
    if torch.cuda.is_available():
        # Without it CUDA's matrix products differ from run to run.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    run = Run(options)
    if run.is_done():
        sys.stderr.write(f"{options.out} is there already, from this very run.\n")
        return 0
    run.go()
    return 0


if __name__ == "__main__":
    sys.exit(main())
