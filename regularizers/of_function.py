"""What the regularizers of a function share: types, random elements, the running variance."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast

import torch
import torch.distributed as dist
from lightning import LightningModule, Trainer
from torch import Tensor, nn
from typing_extensions import override

from softsym.regularizers.base import Regularizer, network_of
from softsym.regularizers.projection.layer_shares import ALL, Share
from softsym.symmetries import Group
from softsym.symmetries import group as parse_group
from softsym.symmetries.batches import (
    Leaf,
    is_typed,
    leaves,
    over,
    read_types,
    sample_count,
    typed_tensors,
)
from softsym.symmetries.haar import step_generator

MEMORY = 0.99
"""Share of the running variance that a step keeps."""
SMALLEST_VARIANCE = 1e-12
NEXT_MICRO_BATCH = 15_485_863
"""A prime apart from those of steps and processes, so that no two seeds meet."""
DIFFERENT = 0.01
"""Difference of predictions in evaluation mode, relative to their size, that is no rounding."""


class FunctionTerm(Regularizer):
    """A penalty on a network as a function: the mean square of a violation, relative to variance.

    Args:
        group: The candidate symmetry.
        strength: Factor of the penalty.
        rep_in: Types of the inputs; by default the network's attribute of this name.
        rep_out: Types of the outputs, likewise.
        dim: Dimension of the base space, where the name leaves it open.
        share_batch: Whether several groups share the samples of a batch.
        seed: Seed of the random elements.
        name: Key in config and logs.

    Attributes:
        variance: Running variance of each typed output, (k,); None before the first step.
        share: The part of the global batch that this process has.
    """

    def __init__(
        self,
        group: str | Group,
        strength: float,
        rep_in: Any,
        rep_out: Any,
        dim: int | None,
        share_batch: bool,
        seed: int,
        name: str | None,
    ) -> None:
        self.group: Group = parse_group(group, dim)
        super().__init__(strength, name)
        self._given = tuple(read_types(types) for types in (rep_in, rep_out))
        self.seed, self.share_batch = seed, share_batch
        self.variance: Tensor | None = None
        self._step = -1
        self.share: Share = ALL
        self._differs_in_evaluation: bool | None = None
        self._micro_batch = 0

    @override
    def bind_for(self, trainer: Trainer, network: nn.Module) -> None:
        """Binds to the network; this process has its part of the global batch."""
        self.bind(network)
        if trainer is not None:
            self.share = Share(trainer.global_rank, trainer.world_size)

    @override
    def bind(self, network: nn.Module) -> None:
        """Takes the types of the network where none are given.

        Raises:
            ValueError: If a type is not known, or is of another group.
        """
        own = [read_types(getattr(network, key, None)) for key in ("rep_in", "rep_out")]
        types = [given if is_typed(given) else R for given, R in zip(self._given, own, strict=True)]
        if not all(map(is_typed, types)):
            raise ValueError(
                f"Regularizer {self.name!r} finds no types of inputs and outputs in "
                f"{type(network).__name__}. Give it rep_in= and rep_out=, such as '5T0 + 5T1', or "
                "a mapping of names to types."
            )
        self.rep_in, self.rep_out = (over(R, self.group) for R in types)
        self._differs_in_evaluation = None

    @classmethod
    @abstractmethod
    def squares(
        cls, regularizers: Sequence[Self], module: Any, batch: Any, prediction: Any, step: int
    ) -> list[Tensor]:
        """The mean squares of the violation by each typed output, (k,), for each regularizer.

        From one pass over a batch that the regularizers share; one alone has all samples.
        """

    @override
    def penalty(self, module: LightningModule, batch: Any, prediction: Any) -> Tensor:
        """Estimates the violation from all samples of the batch."""
        return self._together([self], module, batch, prediction)[0]

    @classmethod
    @override
    def penalties(
        cls, regularizers: Sequence[Self], module: LightningModule, batch: Any, prediction: Any
    ) -> list[Tensor]:
        """Estimates all penalties; those that share take turns over the samples."""
        if not takes_turns(regularizers, batch):
            return super().penalties(regularizers, module, batch, prediction)
        return cls._together(regularizers, module, batch, prediction)

    @classmethod
    def _together(
        cls, regularizers: Sequence[Self], module: Any, batch: Any, prediction: Any
    ) -> list[Tensor]:
        step = step_of(module)
        for regularizer in regularizers:
            regularizer._micro_batch = getattr(module, "micro_batch", 0)
        squares = cls.squares(regularizers, module, batch, prediction, step)
        pairs = zip(regularizers, squares, strict=True)
        return [r.scaled(each, prediction, batch, step) for r, each in pairs]

    def outputs(self, prediction: Any) -> list[Leaf]:
        """The typed tensors among predictions."""
        return leaves(self.rep_out, prediction, self.group.space, "outputs")

    def scaled(self, squares: Tensor, prediction: Any, batch: Any, step: int) -> Tensor:
        """The mean over outputs of their mean squares (k,), each divided by its running variance.

        A network that has learned nothing yet varies little, and would be held there by a penalty
        relative to that little. So the variance of the targets is the least that counts; of labels
        that of their one-hot rows.
        """
        if step != self._step or self.variance is None:
            now = self._variances(prediction, batch[1])
            old = now if self.variance is None else self.variance.to(now.device)
            self.variance = MEMORY * old + (1 - MEMORY) * now
            self._step = step
        variance = self.variance.to(squares.device).clamp_min(SMALLEST_VARIANCE)
        return (squares / variance.to(squares.dtype)).mean()

    @torch.no_grad()
    def _variances(self, prediction: Any, targets: Any) -> Tensor:
        """Variance over the samples of each typed output, or of its target where that is larger."""
        found = self.outputs(prediction)
        values = [leaf.vectors.flatten(1).double() for leaf in found]
        own = torch.stack([self._variance(each) for each in values])
        try:
            known = typed_tensors(self.rep_out, targets, "targets")
            tables = [self._table(*pair) for pair in zip(found, known, strict=True)]
        except ValueError:  # what a loss of the user's own takes
            return own
        if any(t.shape != v.shape for t, v in zip(tables, values, strict=True)):
            return own
        # fmax leaves a NaN out, which marks a target that nobody observed
        return own.fmax(torch.stack([self._variance(each) for each in tables]))

    def _table(self, output: Leaf, target: Any) -> Tensor:
        """The targets of an output as rows (n, size)."""
        if isinstance(target, Tensor) and is_label(output, target):
            target = nn.functional.one_hot(target.clamp_min(0), output.vectors.shape[-1])
        return leaves(output.rep, target, self.group.space)[0].vectors.flatten(1).double()

    def _variance(self, values: Tensor) -> Tensor:
        """Total variance of vectors (n, size) over the samples of all processes."""
        if self.share.processes == 1:
            return (values - values.nanmean(0)).square().nanmean(0).sum()
        moments = torch.stack([values.mean(0), values.square().mean(0)])
        dist.all_reduce(moments)
        mean, square = moments / self.share.processes
        return (square - mean.square()).sum()

    def generator(self, step: int, rank: int = 0) -> torch.Generator:
        """Randomness of one step (on one process), the same when a training is resumed there.

        The micro-batches of an accumulated step have randomness of their own.
        """
        return step_generator(self.seed + NEXT_MICRO_BATCH * self._micro_batch, step, rank)

    def needs_evaluation(self, module: Any, batch: Any, prediction: Any) -> bool:
        """Whether the network predicts otherwise in evaluation mode, as with dropout.

        Asked once a training: the first step is predicted again. Dropout would add its noise to a
        violation, and batch normalisation would compare samples that were normalised differently.
        """
        if self._differs_in_evaluation is None:
            network = network_of(module)
            self._differs_in_evaluation = False
            if network.training:
                with evaluating(network), torch.no_grad():
                    steady = self.outputs(call(module, batch[0]))
                self._differs_in_evaluation = any(
                    bool((a.vectors - b.vectors).norm() > DIFFERENT * b.vectors.norm())
                    for a, b in zip(self.outputs(prediction), steady, strict=True)
                )
        return self._differs_in_evaluation

    @override
    def state_dict(self) -> dict[str, Any]:
        """Returns the strength and the running variance."""
        variance = None if self.variance is None else self.variance.tolist()
        return {**super().state_dict(), "variance": variance, "step": self._step}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the strength and the running variance."""
        super().load_state_dict(state_dict)
        variance, self._step = state_dict["variance"], state_dict["step"]
        self.variance = None if variance is None else torch.tensor(variance, dtype=torch.float64)


def is_label(output: Leaf, target: Tensor) -> bool:
    """Whether a target is labels of classes, one for each vector of logits."""
    whole = not (target.is_floating_point() or target.is_complex() or target.dtype == torch.bool)
    several = output.vectors.shape[-1] > 1
    return whole and several and target.numel() == output.vectors.shape[:2].numel()


def takes_turns(regularizers: Sequence[FunctionTerm], batch: Any) -> bool:
    """Whether regularizers share the samples of a batch, which then has one for each at least."""
    count = sample_count(batch[0], regularizers[0].rep_in)
    return all(r.share_batch for r in regularizers) and len(regularizers) <= count


def turns_of(regularizers: Sequence[FunctionTerm], n: int, step: int) -> list[tuple[Tensor, float]]:
    """The samples (m,) of each regularizer in this step, and the factor of a sum over them.

    The turns move on with the step, so that every sample meets every group. The factor makes the
    mean over processes of the sums the mean over the samples of all of them.

    Args:
        regularizers: Those that share a batch; one alone has all samples.
        n: Number of samples on this process.
        step: Number of the step.
    """
    count, (rank, processes) = len(regularizers), regularizers[0].share
    turn = (torch.arange(n) + n * rank + step) % count
    met = [(n * processes - (k - step) % count + count - 1) // count for k in range(count)]
    return [((turn == k).nonzero()[:, 0], processes / max(m, 1)) for k, m in enumerate(met)]


def call(module: Any, inputs: Any) -> Any:
    """Calls the network, compiled if the training has compiled it."""
    predict = getattr(module, "predict", None) if hasattr(module, "network") else None
    return network_of(module)(inputs) if predict is None else predict(inputs)


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Puts a network into evaluation mode meanwhile, whatever parts of it were in it before."""
    modes = [(part, part.training) for part in network.modules()]
    for part, _ in modes:
        # cuDNN differentiates recurrent layers in training mode alone
        part.training = isinstance(part, nn.RNNBase) and not part.dropout
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def step_of(module: Any) -> int:
    """The number of optimizer steps so far."""
    return int(getattr(module, "global_step", 0))


def precise(values: Tensor) -> Tensor:
    """Values in float32 or better: differences of bfloat16 would be rounding errors."""
    return cast(Tensor, values.to(torch.promote_types(values.dtype, torch.float32)))
