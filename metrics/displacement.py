r"""Displacement errors of predicted trajectories, in metres, accumulated over batches and ranks.

With predicted positions :math:`\hat p_t` and true ones :math:`p_t`, t = 1..T,

.. math:: \mathrm{ADE} = \frac1T \sum_t \lVert \hat p_t - p_t\rVert_2, \qquad
          \mathrm{FDE} = \lVert \hat p_T - p_T\rVert_2,

means over the horizon (not sums), then means over the samples. Paths are flattened, as networks
predict them: (n, steps * dim), row-major (step, coordinate). The functions that the metrics stand
on, and what a mask does, are in :mod:`softsym.metrics.path_errors`.
"""

from __future__ import annotations

from abc import abstractmethod

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
    if prediction.shape != target.shape or prediction.ndim != 2:
        raise ValueError(
            "prediction and target must both have the shape (n, steps * dim); got "
            f"{tuple(prediction.shape)} and {tuple(target.shape)}."
        )
    paths = _positions(prediction, dim), _positions(target, dim)
    return ade(*paths), fde(*paths)


class _MeanOverSamples(Metric):
    """Mean over all samples of all ranks of one number per sample.

    Sum and count are reduced apart, so that ranks with unequal or no samples weigh as they should.
    """

    is_differentiable = True
    higher_is_better = False
    full_state_update = False

    total: Tensor
    count: Tensor

    def __init__(self, dim: int, *settings: object) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"dim must be at least 1, e.g. 2 for x, y; got {dim}.")
        self.dim = dim
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")
        # A MetricCollection takes metrics whose states agree after the first batch for one and the
        # same from then on; a state of another name tells apart what agrees by chance.
        kind = "_".join(map(str, (type(self).__name__, dim, *settings))).replace(".", "_")
        self.add_state(kind, torch.tensor(0), dist_reduce_fx="sum")

    @abstractmethod
    def _errors(self, prediction: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        """The number of each sample (n,), of unflattened paths."""

    def _check(self, prediction: Tensor, target: Tensor) -> None:
        """Raises a ValueError if the flattened paths do not belong together."""
        if prediction.shape != target.shape or target.ndim != 2:
            raise ValueError(
                "prediction and target must both have the shape (n, steps * dim); got "
                f"{tuple(prediction.shape)} and {tuple(target.shape)}."
            )

    def update(self, prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> None:
        """Adds a batch.

        Args:
            prediction: Predicted positions (n, steps * dim) in metres; a metric of the best of k
                takes (n, modes, steps * dim) as well.
            target: True positions (n, steps * dim).
            mask: Whether each step counts (n, steps), bool; all do by default. A sample of which
                none does counts for nothing.

        Raises:
            ValueError: If the shapes do not belong together or the mask is not of bool.
        """
        self._check(prediction, target)
        paths = _positions(prediction, self.dim), _positions(target, self.dim)
        errors = self._errors(*paths, mask)
        if mask is not None:
            known = mask.any(-1)
            errors = torch.where(known, errors, 0.0)
            self.total = self.total + errors.sum().to(self.total.dtype)
            self.count = self.count + known.sum()
        else:
            # of the state's own precision, in which a rank without samples has its zero
            self.total = self.total + errors.sum().to(self.total.dtype)
            self.count = self.count + len(errors)

    def compute(self) -> Tensor:
        """The mean over all samples so far, in metres unless the class says else; NaN of none."""
        return self.total / self.count


class AverageDisplacementError(_MeanOverSamples):
    """Mean distance in metres over the steps that count, then over samples.

    Args:
        dim: Coordinates of a position.

    Example:
        >>> error = AverageDisplacementError(dim=2)
        >>> error.update(torch.tensor([[0.0, 0.0, 3.0, 4.0]]), torch.zeros(1, 4))
        >>> error.compute()
        tensor(2.5000)
    """

    def _errors(self, prediction: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        return ade(prediction, target, mask)


class FinalDisplacementError(_MeanOverSamples):
    """Mean distance in metres at the last step that counts.

    Args:
        dim: Coordinates of a position.

    Example:
        >>> error = FinalDisplacementError(dim=2)
        >>> error.update(torch.tensor([[0.0, 0.0, 3.0, 4.0]]), torch.zeros(1, 4))
        >>> error.compute()
        tensor(5.)
    """

    def _errors(self, prediction: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        return fde(prediction, target, mask)


class _BestOfModes(_MeanOverSamples):
    """Of several predictions for a sample the best counts; (n, steps * dim) is one prediction."""

    def __init__(self, dim: int, k: int | None = None, *settings: object) -> None:
        super().__init__(dim, k, *settings)
        require_modes(k)
        self.k = k

    def _check(self, prediction: Tensor, target: Tensor) -> None:
        shape = tuple(prediction.shape)
        flat = (shape[0], shape[2]) if len(shape) == 3 and shape[1] else shape
        if flat != target.shape or target.ndim != 2:
            raise ValueError(
                "prediction must have the shape (n, modes, steps * dim) with at least one mode, or "
                "(n, steps * dim), and target the shape (n, steps * dim); got "
                f"{shape} and {tuple(target.shape)}."
            )

    def _errors(self, prediction: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        modes = prediction if prediction.ndim == 4 else prediction[:, None]
        return self._best(modes, target, mask)

    @abstractmethod
    def _best(self, modes: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        """The number of each sample (n,), of unflattened modes (n, modes, steps, dim)."""


class MinAverageDisplacementError(_BestOfModes):
    """minADE_k: the smallest ADE in metres among the first k modes, then the mean over samples.

    Args:
        dim: Coordinates of a position.
        k: How many modes may be used at most, the first ones; None uses all.

    Raises:
        ValueError: If an argument is below 1.

    Example:
        >>> error = MinAverageDisplacementError(dim=2, k=6)
        >>> error.update(torch.tensor([[[0.0, 0.0, 3.0, 4.0], [0.0, 1.0, 0.0, 2.0]]]),
        ...              torch.zeros(1, 4))
        >>> error.compute()
        tensor(1.5000)
    """

    def _best(self, modes: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        return min_ade_k(modes, target, mask, self.k)


class MinFinalDisplacementError(_BestOfModes):
    """minFDE_k: the smallest FDE in metres among the first k modes, then the mean over samples.

    Args:
        dim: Coordinates of a position.
        k: How many modes may be used at most, the first ones; None uses all.

    Raises:
        ValueError: If an argument is below 1.

    Example:
        >>> error = MinFinalDisplacementError(dim=2, k=6)
        >>> error.update(torch.tensor([[[0.0, 0.0, 3.0, 4.0], [0.0, 1.0, 0.0, 2.0]]]),
        ...              torch.zeros(1, 4))
        >>> error.compute()
        tensor(2.)
    """

    def _best(self, modes: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        return min_fde_k(modes, target, mask, self.k)


class MissRate(_BestOfModes):
    """Share of samples, 0 to 1, of which all of k modes end farther off than a threshold.

    Args:
        dim: Coordinates of a position.
        threshold: Largest final distance in metres that is no miss.
        k: How many modes may be used at most, the first ones; None uses all.

    Raises:
        ValueError: If dim or k is below 1, or the threshold is no distance.

    Example:
        >>> share = MissRate(dim=2, threshold=2.0)
        >>> share.update(torch.tensor([[0.0, 1.9], [0.0, 2.1]]), torch.zeros(2, 2))
        >>> share.compute()
        tensor(0.5000)
    """

    is_differentiable = False

    def __init__(self, dim: int, threshold: float = THRESHOLD, k: int | None = None) -> None:
        super().__init__(dim, k, threshold)
        require_threshold(threshold)
        self.threshold = threshold

    def _best(self, modes: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        return miss_rate(modes, target, mask, self.threshold, self.k)


def _positions(paths: Tensor, dim: int) -> Tensor:
    """Flattened paths (..., steps * dim) as (..., steps, dim)."""
    size = paths.shape[-1]
    if dim < 1 or size == 0 or size % dim:
        raise ValueError(
            f"{size} numbers per sample are not whole positions of dim {dim}. Use a dim of at "
            "least 1 that divides the size, e.g. 2 for x, y."
        )
    return paths.unflatten(-1, (-1, dim))
