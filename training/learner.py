"""The optimiser and its steps: warm-up, linear decay, and a state that can be put down and taken up."""

import contextlib
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor
from transformers import WhisperForConditionalGeneration

from training.batches import Batch
from training.network import learned, token_loss
from training.options import Options

MAX_NORM = 1.0
_DROPOUT = 4  # told apart from the draws of training.batches
_BETAS, _EPSILON, _WEIGHT_DECAY = (0.9, 0.999), 1e-8, 0.01


def learning_rate_at(step: int, steps: int, options: Options) -> float:
    """Return the learning rate of a step, counted from 0: up in a straight line, then down to zero in another."""
    rising = round(steps * options.warm_up)
    if step < rising:
        return options.learning_rate * (step + 1) / rising
    return options.learning_rate * (steps - step) / max(1, steps - rising)


class Learner:
    """A network and its optimiser.

    Attributes:
        model: the network.
    """

    def __init__(self, model: WhisperForConditionalGeneration, options: Options, steps: int) -> None:
        """Take the network.

        Args:
            model: on its device.
            options: of the run.
            steps: over which the learning rate runs down.
        """
        self.model = model
        self._options = options
        self._steps = steps
        self._parameters = learned(model)
        self._optimiser = torch.optim.AdamW(
            list(self._parameters.values()), betas=_BETAS, eps=_EPSILON, weight_decay=_WEIGHT_DECAY, fused=True
        )

    def step(self, number: int, batch: Batch) -> tuple[float, float]:
        """Learn from a batch.

        Args:
            number: of the step, from 0.
            batch: on any device.

        Returns:
            The batch's loss before the step in nats a token, and the learning rate.
        """
        rate = learning_rate_at(number, self._steps, self._options)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        # Dropout draws at step n the same, whatever ran before it in this process.
        torch.manual_seed(int(np.random.SeedSequence([self._options.seed, _DROPOUT, number]).generate_state(1)[0]))
        self.model.train()
        with self._precision():
            loss = token_loss(self.model, batch.to(self.model.device))
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), MAX_NORM)
        self._optimiser.step()
        return loss.item(), rate

    def _precision(self) -> AbstractContextManager[object]:
        if self._options.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.model.device.type, torch.bfloat16)

    def weights(self) -> dict[str, Tensor]:
        """Return what is learned so far, by name, on the CPU."""
        return {name: parameter.detach().cpu().contiguous() for name, parameter in self._parameters.items()}

    def state(self) -> dict[str, Tensor]:
        """Return weights and moments, for ``restore``."""
        tensors = {f"weights/{name}": tensor for name, tensor in self.weights().items()}
        for name, parameter in self._parameters.items():
            for moment in ("exp_avg", "exp_avg_sq"):
                tensors[f"{moment}/{name}"] = self._optimiser.state[parameter][moment].cpu().contiguous()
        return tensors

    @torch.no_grad()
    def restore(self, step: int, tensors: dict[str, Tensor]) -> None:
        """Go on from a state.

        Args:
            step: steps done by then.
            tensors: of ``state``.
        """
        for name, parameter in self._parameters.items():
            parameter.copy_(tensors[f"weights/{name}"])
            moments = {moment: tensors[f"{moment}/{name}"].to(parameter.device) for moment in ("exp_avg", "exp_avg_sq")}
            counted = torch.tensor(float(step), device=parameter.device)
            self._optimiser.state[parameter] = {"step": counted, **moments}
