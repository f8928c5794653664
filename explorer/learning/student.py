"""The merge as a function of its ratios: the loss of clips, and its gradient by every ratio.

Weights are W2 + λ·(W1 − W2) with λ a tensor that takes a gradient; everything else of the network is constant. The
network is a module of its own over the live model's memory, called with the merged weights in place of its own
(``torch.func.functional_call``): nothing of the live model is written to.
"""

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy, log_softmax

from explorer.bench import Bench
from explorer.checkpoints.triple import build_model
from explorer.checkpoints.weights import TIED
from explorer.learning.knobs import Knobs, Vector
from explorer.learning.material import Item, by_window
from explorer.learning.settings import Settings
from explorer.live_model import Network
from explorer.transcription.decoding import Decoding, Halt
from explorer.transcription.encoder import encode

GROUP_CLIPS = 8
"""Clips of one turn at the model: whoever waits has it after them."""
_IGNORED = -100


class _Forced(nn.Module):
    """A network that is told what is said; its output projection is applied where it counts."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor, inputs: Tensor, halt: Halt) -> Tensor:
        """Return the decoder's last hidden states, shape (clips, tokens, width)."""
        hidden = encode(self.network, features, halt)
        # Padding stands at the right, where the causal mask hides it; no other mask is needed.
        decoder = self.network.model.decoder
        return decoder(inputs, encoder_hidden_states=hidden, use_cache=False).last_hidden_state  # type: ignore[no-any-return]


class Student:
    """Loss and gradient of a merge by its ratios."""

    def __init__(self, bench: Bench, knobs: Knobs, settings: Settings, decoding: Decoding, halt: Halt) -> None:
        """Take the two ends of every tensor that learns.

        Args:
            bench: the open triple.
            knobs: what learns.
            settings: objective and precision.
            decoding: its window, and for the entropy its options.
            halt: asked before every layer and token.

        Raises:
            RecipeError: the recipe does not fit the triple.
        """
        self._bench, self._knobs, self._settings = bench, knobs, settings
        self._decoding, self._halt = decoding, halt
        ones = np.ones_like(knobs.start)
        # Through the live model, so that task vectors that the recipe adds are part of both ends.
        weights = self._end(knobs, ones)
        self._first = {name: weights[name] for name in knobs.tensors}
        self._second = {name: tensor for name, tensor in self._end(knobs, 0 * ones).items() if name in knobs.tensors}
        self._forced = _Forced(build_model(bench.live.triple.config, weights))
        self._room = int(self._forced.network.config.max_target_positions)

    def _end(self, knobs: Knobs, values: Vector) -> dict[str, Tensor]:
        live = self._bench.live
        with live.merged(knobs.recipe_at(values)) as network:
            own = set(live.written)  # only these are rewritten by the next merge
            named = {name: each.detach() for name, each in network.named_parameters() if name != TIED}
            return {name: tensor.clone() if name in own else tensor for name, tensor in named.items()}

    def weights(self, ratios: Tensor) -> dict[str, Tensor]:
        """Merge the tensors that learn.

        Args:
            ratios: float32, shape (knobs,), on the model's device.

        Returns:
            Parameter name → weights, through which a gradient reaches ``ratios``.
        """
        merged: dict[str, Tensor] = {}
        for name, places in self._knobs.tensors.items():
            first, second = self._first[name], self._second[name]
            if len(places) == 1:
                merged[name] = torch.lerp(second, first, ratios[places[0]])
            else:
                shares = ratios[places[0] : places[-1] + 1, None]
                by_head = (len(places), -1)
                rows = torch.lerp(second.reshape(by_head), first.reshape(by_head), shares)
                merged[name] = rows.reshape(first.shape)
        return merged

    def step(self, values: Vector, items: Sequence[Item]) -> tuple[float, Vector]:
        """Compute the loss of some clips and its gradient.

        Args:
            values: ratios.
            items: one or more clips.

        Returns:
            Mean loss in nats a token, and its gradient, float64.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
        """
        rows = self._told(values, items)
        ratios = self._ratios(values).requires_grad_(True)
        total, tokens = 0.0, sum(len(tokens) - len(self._bench.transcriber.rules.prompt) for _, tokens in rows)
        for group in self._groups(rows):
            with self._turn(), self._precision():
                loss = self._summed(self.weights(ratios), group) / tokens
                loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        assert ratios.grad is not None
        return total, ratios.grad.cpu().numpy().astype(np.float64)

    @torch.no_grad()
    def loss(self, values: Vector, items: Sequence[Item]) -> float:
        """Compute the mean loss of some clips in nats a token, in float32.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
        """
        rows = self._told(values, items)
        merged = self.weights(self._ratios(values))
        total = 0.0
        for group in self._groups(rows):
            with self._turn():
                total += self._summed(merged, group).item()
        return total / sum(len(tokens) - len(self._bench.transcriber.rules.prompt) for _, tokens in rows)

    def _ratios(self, values: Vector) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=self._bench.live.device)

    def _turn(self) -> AbstractContextManager[object]:
        """Wait for the model: it is not written to, but two who compute at once are both slow."""
        self._halt.check()
        return self._bench.live.checkpoint("m1")

    def _precision(self) -> AbstractContextManager[object]:
        if self._settings.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self._bench.live.device.type, torch.bfloat16)

    def _told(self, values: Vector, items: Sequence[Item]) -> list[tuple[Item, list[int]]]:
        """Write down the tokens of every clip: its reference, or what the merge itself says."""
        transcriber = self._bench.transcriber
        if self._settings.objective == "references":
            return [(item, self._tokens(item.text)) for item in items]
        recipe = self._knobs.recipe_at(values)
        rows = []
        for start in range(0, len(items), GROUP_CLIPS):
            group = items[start : start + GROUP_CLIPS]
            with self._bench.live.merged(recipe) as network:
                clips = [item.clip for item in group]
                said = transcriber.transcribe(network, clips, self._decoding, self._halt)
            rows += [(item, self._tokens(each.text)) for item, each in zip(group, said, strict=True)]
        return rows

    def _tokens(self, text: str) -> list[int]:
        """Return what a model says that says ``text``: the prompt, of which it is told, the words, and the end."""
        transcriber = self._bench.transcriber
        words = transcriber.tokens(f" {text}") if text else []
        return [*transcriber.rules.prompt, *words, transcriber.rules.end][: self._room + 1]

    def _groups(self, rows: Sequence[tuple[Item, list[int]]]) -> list[list[tuple[Item, list[int]]]]:
        told = {id(item): tokens for item, tokens in rows}
        items = [item for item, _ in rows]
        return [[(item, told[id(item)]) for item in group] for group in by_window(items, GROUP_CLIPS)]

    def _summed(self, merged: dict[str, Tensor], group: Sequence[tuple[Item, list[int]]]) -> Tensor:
        """Return the summed loss of clips that share a window."""
        device, prompt = self._bench.live.device, len(self._bench.transcriber.rules.prompt)
        with torch.autocast("cpu", enabled=False):  # the filter bank is numpy's, which has no bfloat16
            features = self._bench.transcriber.features([item.clip for item, _ in group], self._decoding).to(device)
        longest = max(len(tokens) for _, tokens in group) - 1
        inputs = torch.full((len(group), longest), group[0][1][-1], dtype=torch.long)
        targets = torch.full((len(group), longest), _IGNORED, dtype=torch.long)
        for row, (_, tokens) in enumerate(group):
            inputs[row, : len(tokens) - 1] = torch.tensor(tokens[:-1])
            targets[row, prompt - 1 : len(tokens) - 1] = torch.tensor(tokens[prompt:])
        named = {f"network.{name}": tensor for name, tensor in merged.items()}
        decoded = functional_call(self._forced, named, (features, inputs.to(device), self._halt))
        said = targets.to(device) != _IGNORED
        scores = self._forced.network.proj_out(decoded[said]).float()
        if self._settings.objective == "references":
            return cross_entropy(scores, targets.to(device)[said], reduction="sum")
        logs = log_softmax(scores, dim=-1)
        return -(logs.exp() * logs).sum()
