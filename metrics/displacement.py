"""Displacement errors of flattened paths in metres, accumulated over batches and ranks.

Paths are flattened as networks predict them: (n, steps * dim), row-major (step, coordinate). The
errors themselves, and the effect of a mask, are defined in :mod:`softsym.metrics.path_errors`.
Every metric is a mean over the horizon, then over samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

import torch
from torch import Tensor
from torchmetrics import Metric

from softsym.metrics.path_errors import (
    THRESHOLD,
    ade,
    fde,
    min_ade_k,
    min_fde_k,
    miss_rate,
    require_modes,
    require_threshold,
)


def displacement_errors(prediction: Tensor, target: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Average and final displacement error of each sample.

    Args:
        prediction: Predicted positions (n, steps * dim), row-major (step, coordinate), metres.
        target: True positions, same shape.
        dim: Coordinates of a position.

    Returns:
        ADE (n,) and FDE (n,) in metres.

    Raises:
        ValueError: If the shapes differ or do not hold whole positions.

    Example:
        >>> prediction = torch.tensor([[0.0, 0.0, 3.0, 4.0]])
        >>> displacement_errors(prediction, torch.zeros(1, 4), dim=2)
        (tensor([2.5000]), tensor([5.]))
    """
    _require_flat(prediction, target)
    paths = _positions(prediction, dim), _positions(target, dim)
    return ade(*paths), fde(*paths)


class _MeanOverSamples(Metric):
    """Mean of a function of :mod:`softsym.metrics.path_errors` over all samples of all ranks.

    Sum and count are reduced separately, so that ranks with few or no samples are weighted
    correctly.
    """

    is_differentiable = True
    higher_is_better = False
    full_state_update = False
    takes_missing = True

    error: ClassVar[Callable[..., Tensor]]
    settings: Mapping[str, float | None] = MappingProxyType({})
    """Keyword arguments of ``error``."""
    total: Tensor
    count: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"dim must be at least 1, e.g. 2 for x, y; got {dim}.")
        self.dim = dim
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")
        # A MetricCollection merges metrics whose states are equal after the first batch and updates
        # only one of them from then on. A state with a name of its own keeps metrics apart whose
        # values agree by chance.
        kind = "_".join(map(str, (type(self).__name__, dim, *self.settings.values())))
        self.add_state(kind.replace(".", "_"), torch.tensor(0), dist_reduce_fx="sum")

    def update(self, prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> None:
        """Adds a batch.

        Args:
            prediction: Predicted positions (n, steps * dim) in metres; a metric of the best of k
                also takes (n, modes, steps * dim).
            target: True positions (n, steps * dim).
            mask: Steps that count (n, steps), bool; by default those whose target is not NaN.
                Samples without any are left out.

        Raises:
            ValueError: If the shapes do not match or the mask is not of bool.
        """
        paths, truth = self._paths(prediction, target)
        if mask is None and target.isnan().any():
            mask = ~truth.isnan().any(-1)
        errors = type(self).error(paths, truth, mask, **self.settings)
        if mask is None:
            self.count = self.count + len(errors)
        else:
            known = mask.any(-1)
            errors = torch.where(known, errors, 0.0)
            self.count = self.count + known.sum()
        # In the state's own dtype, because ranks without samples reduce theirs as well.
        self.total = self.total + errors.sum().to(self.total.dtype)

    def compute(self) -> Tensor:
        """Returns the mean over all samples so far; NaN if there are none."""
        return self.total / self.count

    def _paths(self, prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Checks and unflattens predicted and true paths."""
        _require_flat(prediction, target)
        return _positions(prediction, self.dim), _positions(target, self.dim)


class AverageDisplacementError(_MeanOverSamples):
    """Mean distance in metres over the steps that count, then over samples.

    Example:
        >>> error = AverageDisplacementError(dim=2)
        >>> error.update(torch.tensor([[0.0, 0.0, 3.0, 4.0]]), torch.zeros(1, 4))
        >>> error.compute()
        tensor(2.5000)
    """

    error = staticmethod(ade)


class FinalDisplacementError(_MeanOverSamples):
    """Mean distance in metres at the last step that counts.

    Example:
        >>> error = FinalDisplacementError(dim=2)
        >>> error.update(torch.tensor([[0.0, 0.0, 3.0, 4.0]]), torch.zeros(1, 4))
        >>> error.compute()
        tensor(5.)
    """

    error = staticmethod(fde)


class _BestOfModes(_MeanOverSamples):
    """Mean over samples of the best of several predictions; (n, steps * dim) is one prediction."""

    def __init__(self, dim: int, k: int | None = None) -> None:
        require_modes(k)
        self.settings = {**self.settings, "k": k}
        super().__init__(dim)

    def _paths(self, prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Checks and unflattens modes and true paths; a flat prediction becomes one mode."""
        shape = tuple(prediction.shape)
        flat = (shape[0], shape[2]) if len(shape) == 3 and shape[1] else shape
        if flat != target.shape or target.ndim != 2:
            raise ValueError(
                "prediction must have the shape (n, modes, steps * dim) with at least one mode, or "
                "(n, steps * dim), and target the shape (n, steps * dim); got "
                f"{shape} and {tuple(target.shape)}."
            )
        modes = prediction if prediction.ndim == 3 else prediction[:, None]
        return _positions(modes, self.dim), _positions(target, self.dim)


class MinAverageDisplacementError(_BestOfModes):
    """minADE_k: the smallest ADE in metres among the first k modes, then the mean over samples.

    Args:
        dim: Coordinates of a position.
        k: Number of modes to use, the first ones; None uses all.

    Example:
        >>> error = MinAverageDisplacementError(dim=2, k=6)
        >>> error.update(torch.tensor([[[0.0, 0.0, 3.0, 4.0], [0.0, 1.0, 0.0, 2.0]]]),
        ...              torch.zeros(1, 4))
        >>> error.compute()
        tensor(1.5000)
    """

    error = staticmethod(min_ade_k)


class MinFinalDisplacementError(_BestOfModes):
    """minFDE_k: the smallest FDE in metres among the first k modes, then the mean over samples.

    Takes the arguments of :class:`MinAverageDisplacementError`.

    Example:
        >>> error = MinFinalDisplacementError(dim=2, k=6)
        >>> error.update(torch.tensor([[[0.0, 0.0, 3.0, 4.0], [0.0, 1.0, 0.0, 2.0]]]),
        ...              torch.zeros(1, 4))
        >>> error.compute()
        tensor(2.)
    """

    error = staticmethod(min_fde_k)


class MissRate(_BestOfModes):
    """Share of samples, 0 to 1, of which all k modes end farther away than a threshold.

    Args:
        dim: Coordinates of a position.
        threshold: Largest final distance in metres that is not a miss.
        k: Number of modes to use, the first ones; None uses all.

    Raises:
        ValueError: If dim or k is below 1, or the threshold is negative or not finite.

    Example:
        >>> share = MissRate(dim=2, threshold=2.0)
        >>> share.update(torch.tensor([[0.0, 1.9], [0.0, 2.1]]), torch.zeros(2, 2))
        >>> share.compute()
        tensor(0.5000)
    """

    error = staticmethod(miss_rate)
    is_differentiable = False

    def __init__(self, dim: int, threshold: float = THRESHOLD, k: int | None = None) -> None:
        require_threshold(threshold)
        self.settings = {"threshold": threshold}
        super().__init__(dim, k)


def _require_flat(prediction: Tensor, target: Tensor) -> None:
    if prediction.shape != target.shape or target.ndim != 2:
        raise ValueError(
            "prediction and target must both have the shape (n, steps * dim); got "
            f"{tuple(prediction.shape)} and {tuple(target.shape)}."
        )


def _positions(paths: Tensor, dim: int) -> Tensor:
    """Unflattens paths (..., steps * dim) to (..., steps, dim)."""
    size = paths.shape[-1]
    if dim < 1 or size == 0 or size % dim:
        raise ValueError(
            f"{size} numbers per sample are not whole positions of dim {dim}. Use a dim of at "
            "least 1 that divides the size, e.g. 2 for x, y."
        )
    return paths.unflatten(-1, (-1, dim))
