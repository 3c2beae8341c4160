r"""Displacement errors of predicted trajectories, in metres.

With predicted positions :math:`\hat p_t` and true ones :math:`p_t`, t = 1..T,

.. math:: \mathrm{ADE} = \frac1T \sum_t \lVert \hat p_t - p_t\rVert_2, \qquad
          \mathrm{FDE} = \lVert \hat p_T - p_T\rVert_2,

means over the horizon (not sums), then means over the samples.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor
from torchmetrics import Metric


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
    size = prediction.shape[1]
    if dim < 1 or size == 0 or size % dim:
        raise ValueError(
            f"{size} numbers per sample are not whole positions of dim {dim}. Use a dim of at "
            "least 1 that divides the size, e.g. 2 for x, y."
        )
    distances = (prediction - target).unflatten(1, (-1, dim)).norm(dim=-1)
    return distances.mean(dim=1), distances[:, -1]


class _MeanOverSamples(Metric):
    """Mean over all samples of all ranks of one number per sample.

    Sum and count are reduced apart, so that ranks with unequal or no samples weigh as they should.
    """

    is_differentiable = True
    higher_is_better = False
    full_state_update = False

    total: Tensor
    count: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"dim must be at least 1, e.g. 2 for x, y; got {dim}.")
        self.dim = dim
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    @abstractmethod
    def _errors(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The number of each sample (n,)."""

    def update(self, prediction: Tensor, target: Tensor) -> None:
        """Adds a batch.

        Args:
            prediction: Predicted positions (n, steps * dim) in metres.
            target: True positions, same shape.
        """
        errors = self._errors(prediction, target)
        self.total = self.total + errors.sum()
        self.count = self.count + len(errors)

    def compute(self) -> Tensor:
        """The mean in metres; nan without any sample."""
        return self.total / self.count


class AverageDisplacementError(_MeanOverSamples):
    """Mean distance in metres over all steps of all samples.

    Args:
        dim: Coordinates of a position.

    Example:
        >>> ade = AverageDisplacementError(dim=2)
        >>> ade.update(torch.tensor([[0.0, 0.0, 3.0, 4.0]]), torch.zeros(1, 4))
        >>> ade.compute()
        tensor(2.5000)
    """

    def _errors(self, prediction: Tensor, target: Tensor) -> Tensor:
        return displacement_errors(prediction, target, self.dim)[0]


class FinalDisplacementError(_MeanOverSamples):
    """Mean distance in metres at the last step.

    Args:
        dim: Coordinates of a position.

    Example:
        >>> fde = FinalDisplacementError(dim=2)
        >>> fde.update(torch.tensor([[0.0, 0.0, 3.0, 4.0]]), torch.zeros(1, 4))
        >>> fde.compute()
        tensor(5.)
    """

    def _errors(self, prediction: Tensor, target: Tensor) -> Tensor:
        return displacement_errors(prediction, target, self.dim)[1]
