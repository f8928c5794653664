"""The live model: M0, M1, M2 and one merge on one device, and the only mutable thing of the project.

The merge is a model of its own. Its parameters are M1's memory, but for those tensors that the recipe changes: they
lie in buffers of their own and are rewritten in place when their job changes. M0, M1 and M2 are never written to.
"""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar, cast

import torch
from torch import Tensor
from transformers import WhisperForConditionalGeneration

from explorer.checkpoints.fingerprint import fingerprint
from explorer.checkpoints.triple import Member, Triple, build_model, tensor_digest
from explorer.checkpoints.weights import EMBEDDINGS, TIED
from explorer.device import placed
from explorer.errors import RecipeError
from explorer.extras import OWN_VECTORS, Extras, Vectors
from explorer.kept import LIMIT_BYTES, Kept
from explorer.merging.grams import Grams
from explorer.merging.operands import Operands
from explorer.merging.plan import Job, check_heads, merge_of, plan
from explorer.methods import METHODS
from explorer.recipe import Recipe
from explorer.threads import one_thread
from explorer.turns import Turns

# What a caller holds: an ordinary Whisper of transformers.
Network = WhisperForConditionalGeneration
Named = TypeVar("Named")


class LiveModel:
    """A loaded triple with one merge, used as ``with live.merged(recipe) as model:``.

    Only one caller at a time holds a model; others wait in line. What a caller gets is valid inside the ``with`` alone.

    Attributes:
        triple: as loaded, on the CPU.
        device: where the models compute.
        rewritten: number of tensors the last merge wrote or gave back to M1: those whose job had changed.
        seconds: that it took.
    """

    def __init__(self, triple: Triple, device: torch.device, kept_bytes: int = LIMIT_BYTES) -> None:
        """Place a triple on a device.

        Args:
            triple: checked and loaded.
            device: CPU or CUDA; float32 everywhere.
            kept_bytes: how much of what merging computes on the way may be kept for the next merge.
        """
        self.triple = triple
        self.device = device
        self.rewritten = 0
        self.seconds = 0.0
        self._turns = Turns()
        self._extras = Extras(triple, device)
        self._weights = placed(triple, device)
        m0, m1, m2 = (self._weights[member] for member in ("m0", "m1", "m2"))
        # None of the endpoints ever changes, so neither does in which tensors they differ.
        self._differing = [name for name, base in m0.items() if m1[name] is not base or m2[name] is not base]
        self._changed = {
            vector: [name for name, base in m0.items() if self._weights[member][name] is not base]
            for vector, member in OWN_VECTORS.items()
        }
        self._head_counts = {part: int(triple.config[f"{part}_attention_heads"]) for part in ("encoder", "decoder")}
        self._kept = Kept(kept_bytes)
        self._operands: dict[str, Operands] = {}
        self._jobs: dict[str, Job] = {}
        self._buffers: dict[str, Tensor] = {}
        self._models: dict[str, Network] = {}
        self._digests: dict[str, dict[str, str]] = {"merge": {}}

    @contextmanager
    def merged(self, recipe: Recipe, *, afresh: bool = False) -> Iterator[Network]:
        """Hold the merge of ``recipe``; only tensors whose job differs from the last merge's are computed.

        Args:
            recipe: of the merge.
            afresh: start from M1, as if nothing had been merged before.

        Raises:
            RecipeError: the recipe does not fit this model, or gives values that are not finite.
            CheckpointError: a task vector that it adds cannot be had.
        """
        vectors = self._extras.vectors(recipe)  # outside the turn, for one may have to be fetched
        with self._turns:
            jobs, grams = self._plan(recipe, vectors), self._grams(recipe)
            if afresh:
                self._merge({}, {}, None)
            began = time.perf_counter()
            with one_thread():
                self._merge(jobs, vectors, grams)
            self.seconds = time.perf_counter() - began
            yield self._model("merge")

    def quiet(self, seconds: float, patience: float) -> bool:
        """Wait, at most ``patience`` seconds, until nobody has held a model for ``seconds``."""
        return self._turns.quiet(seconds, patience)

    @property
    def wanted(self) -> bool:
        """Say whether somebody waits for whoever holds a model."""
        return self._turns.wanted

    @property
    def written(self) -> tuple[str, ...]:
        """Name the tensors of the present merge that are not M1's own."""
        return tuple(self._jobs)

    def made(self, model: str) -> dict[str, str]:
        """Say of each tensor that is not M1's own what determines it; of the merge only for whoever holds it.

        Args:
            model: m0, m1, m2 or merge.

        Returns:
            Parameter name → a text that is the same only where the values are; tensors that are M1's have none.
        """
        if model == "merge":
            return {name: repr(job) for name, job in self._jobs.items()}
        first, own = self._weights["m1"], self._weights[cast(Member, model)]
        return {name: model for name, tensor in own.items() if tensor is not first[name]}

    @contextmanager
    def checkpoint(self, member: Member) -> Iterator[Network]:
        """Hold M0, M1 or M2."""
        with self._turns:
            yield self._model(member)

    def check(self, recipe: Recipe) -> None:
        """See whether a recipe fits this model, without merging.

        Raises:
            RecipeError: it does not.
            CheckpointError: a task vector that it adds cannot be had.
        """
        vectors = self._extras.vectors(recipe)
        with self._turns:
            self._plan(recipe, vectors)
            self._grams(recipe)

    def fingerprint(self, member: Member, prefixes: tuple[str, ...] = ("",)) -> str:
        """Name the weights of M0, M1 or M2, or those whose names begin so, by 16 hexadecimal digits."""
        with self._turns:
            return fingerprint(_beginning(prefixes, self._member_digests(member)))

    def merged_fingerprint(self, recipe: Recipe, prefixes: tuple[str, ...] = ("",)) -> str:
        """Name the weights of a merge by 16 hexadecimal digits, hashed from the tensors themselves."""
        with self.merged(recipe):
            digests, wanted = self._digests["merge"], _beginning(prefixes, self._jobs)
            digests |= {name: tensor_digest(self._buffers[name]) for name in wanted if name not in digests}
            return fingerprint(_beginning(prefixes, {**self._member_digests("m1"), **digests}))

    def _member_digests(self, member: Member) -> dict[str, str]:
        if member not in self._digests:
            self._digests[member] = {name: tensor_digest(tensor) for name, tensor in self._weights[member].items()}
        return self._digests[member]

    def _plan(self, recipe: Recipe, vectors: Vectors) -> dict[str, Job]:
        jobs = plan(recipe, self._differing, self.triple.parameters, {**self._changed, **vectors})
        check_heads(jobs, self._heads)
        return jobs

    def _grams(self, recipe: Recipe) -> Grams | None:
        name = dict(recipe.values).get("grams")
        if name is None:
            return None
        first, second = (fingerprint(self._member_digests(member)) for member in ("m1", "m2"))
        return self._extras.grams(str(name), first, second)

    def _merge(self, jobs: Mapping[str, Job], vectors: Vectors, grams: Grams | None) -> None:
        """Bring every tensor of the merge to its job; one that fails is M1's until the next merge."""
        self._model("merge")
        changed = [name for name in {**self._jobs, **jobs} if self._jobs.get(name) != jobs.get(name)]
        self.rewritten = 0
        for name in changed:
            self._jobs.pop(name, None)
            self._digests["merge"].pop(name, None)
            if name in jobs:
                try:
                    self._compute(name, jobs[name], vectors, grams)
                except Exception:
                    self._give_back(name)
                    raise
                self._jobs[name] = jobs[name]
            else:
                self._give_back(name)
            self.rewritten += 1

    def _give_back(self, name: str) -> None:
        """Let a parameter of the merge be M1's own."""
        self._buffers.pop(name, None)
        self._place(name, self._weights["m1"][name])

    def _compute(self, name: str, job: Job, vectors: Vectors, grams: Grams | None) -> None:
        operands = self._operands_of(name)
        base, first, out = operands.base, operands.first, self._buffers.get(name)
        if out is None:
            # Whatever has a buffer is placed: to find a parameter in a model costs more than to merge a small one.
            out = self._buffers[name] = torch.empty_like(first, memory_format=torch.contiguous_format)
            self._place(name, out)
        if job.method is None:
            out.copy_(first)
        else:
            given = replace(operands, grams=grams.of(name)) if grams else operands
            merge_of(job.method)(given, dict(job.values), out)
        for vector, beta in job.add:
            if vector in OWN_VECTORS:
                out.add_(self._weights[OWN_VECTORS[vector]][name], alpha=beta).sub_(base, alpha=beta)
            else:
                out.add_(vectors[vector][name], alpha=beta)
        if (job.method is None or METHODS[job.method].between) and not job.add:
            return
        # A finite sum is proof; one that overflowed is none.
        if not math.isfinite(out.sum().item()) and not torch.isfinite(out).all():
            raise RecipeError(
                f"method {job.method or 'sa'}: {name}: gave values that are not finite; choose other parameters."
            )

    def _operands_of(self, name: str) -> Operands:
        if name not in self._operands:
            base, first, second = (self._weights[member][name] for member in ("m0", "m1", "m2"))
            self._operands[name] = Operands(name, base, first, second, self._heads(name), kept=self._kept)
        return self._operands[name]

    def _heads(self, name: str) -> int:
        return self._head_counts["encoder" if ".encoder." in name else "decoder"]

    def _place(self, name: str, tensor: Tensor) -> None:
        """Let a parameter of the merge be ``tensor``; the output projection goes with the embeddings it is tied to."""
        model = self._models["merge"]
        for each in (name, TIED) if name == EMBEDDINGS else (name,):
            model.get_parameter(each).data = tensor

    def _model(self, name: str) -> Network:
        if name not in self._models:
            member: Member = name if name in self._weights else "m1"
            self._models[name] = build_model(self.triple.config, self._weights[member])
        return self._models[name]


def _beginning(prefixes: tuple[str, ...], named: Mapping[str, Named]) -> dict[str, Named]:
    return {name: value for name, value in named.items() if name.startswith(prefixes)}
