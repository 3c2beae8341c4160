"""Squared errors over what was observed: NaN among the targets marks what was not.

A track that leaves the view before the last predicted step has such targets. They influence neither
a value nor a gradient; displacement errors leave them out as well.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchmetrics import MeanSquaredError
from typing_extensions import override


class ObservedMSELoss(nn.Module):
    r"""Mean squared error over the observed numbers O, :math:`\frac1{|O|}\sum_O (\hat y - y)^2`.

    Shape:
        Prediction and target (n, numbers), of which at least one is observed.

    Example:
        >>> loss = ObservedMSELoss()
        >>> loss(torch.tensor([[1.0, 5.0]]), torch.tensor([[0.0, torch.nan]]))
        tensor(1.)
    """

    takes_missing = True

    @override
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        known = ~target.isnan()
        # where, not a product with the mask: 0 times NaN is NaN
        difference = torch.where(known, prediction - target, 0.0)
        return difference.square().sum() / known.sum()


class ObservedSquaredError(MeanSquaredError):
    """Mean squared error over the observed numbers of all samples.

    Example:
        >>> error = ObservedSquaredError()
        >>> error.update(torch.tensor([[1.0, 5.0]]), torch.tensor([[0.0, torch.nan]]))
        >>> error.compute()
        tensor(1.)
    """

    takes_missing = True

    @override
    def update(self, preds: Tensor, target: Tensor) -> None:
        known = ~target.isnan()
        if known.all():
            super().update(preds, target)
        else:
            super().update(preds[known], target[known])
