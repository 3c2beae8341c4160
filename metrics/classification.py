"""Losses and metrics of classes: class weights, cross-entropy and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, classification
from typing_extensions import override


class CrossEntropyLoss(nn.CrossEntropyLoss):
    """:class:`torch.nn.CrossEntropyLoss` whose class weights a config can list.

    Args:
        class_weights: Factor of each class in the mean over samples, at least 0; None for 1.
        label_smoothing: Share of each target that all classes get equally, from 0 to 1.

    Raises:
        ValueError: If a weight is negative or not finite, or the smoothing is out of range.

    Example:
        >>> loss = CrossEntropyLoss(class_weights=[1.0, 3.0])
        >>> loss(torch.tensor([[0.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1]))
        tensor(0.6931)
    """

    def __init__(
        self, class_weights: Sequence[float] | None = None, label_smoothing: float = 0.0
    ) -> None:
        weight = None if class_weights is None else torch.tensor(class_weights, dtype=torch.float32)
        if weight is not None and not (weight.isfinite().all() and (weight >= 0).all()):
            raise ValueError(
                f"class_weights must be finite and at least 0; got {list(class_weights or ())}."
            )
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"label_smoothing must be from 0 to 1; got {label_smoothing}.")
        super().__init__(weight, label_smoothing=label_smoothing)

    @override
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        if self.weight is not None and len(self.weight) != input.shape[-1]:
            raise ValueError(
                f"class_weights has {len(self.weight)} numbers, but the network's outputs are of "
                f"{input.shape[-1]} classes."
            )
        return super().forward(input, target)


class CrossEntropy(MeanMetric):
    """Mean of -log p over samples, p the probability that was given to what happened.

    Probabilities are those of classes (n, classes) with labels (n,), or of each number alone,
    (n, k), with targets (n, k) from 0 to 1.

    Example:
        >>> metric = CrossEntropy()
        >>> metric.update(torch.tensor([[0.25, 0.75]]), torch.tensor([1]))
        >>> metric.compute()
        tensor(0.2877)
    """

    higher_is_better = False  # type: ignore[assignment]

    @override
    def update(self, preds: Tensor, target: Tensor) -> None:  # type: ignore[override]
        # a probability of 0 in this precision is a small one; its logarithm must not end the mean
        preds = preds.clamp_min(torch.finfo(preds.dtype).tiny)
        if target.is_floating_point():
            other = (1 - preds).clamp_min(torch.finfo(preds.dtype).eps)
            super().update(-(target * preds.log() + (1 - target) * other.log()))
        else:
            super().update(-preds.gather(-1, target[:, None]).log())


class BinaryAccuracy(classification.BinaryAccuracy):
    """torchmetrics' accuracy of yes and no, whose targets may be shares: a half and more is yes.

    Args:
        threshold: Probability from which on a prediction is yes.

    Example:
        >>> metric = BinaryAccuracy()
        >>> metric.update(torch.tensor([[0.9], [0.2]]), torch.tensor([[0.8], [1.0]]))
        >>> metric.compute()
        tensor(0.5000)
    """

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__(threshold, validate_args=False)

    @override
    def update(self, preds: Tensor, target: Tensor) -> None:
        super().update(preds, (target >= 0.5).long())


class CalibrationError(classification.MulticlassCalibrationError):
    """torchmetrics' error of the confidence in the likeliest class, for any number of classes.

    Args:
        n_bins: Number of bins of the confidence.
        norm: ``l1`` for the mean over bins of |accuracy - confidence|; ``l2`` or ``max``.

    Example:
        >>> metric = CalibrationError(n_bins=2)
        >>> metric.update(torch.tensor([[0.25, 0.75], [0.25, 0.75]]), torch.tensor([0, 1]))
        >>> metric.compute()
        tensor(0.2500)
    """

    def __init__(self, n_bins: int = 15, norm: Any = "l1") -> None:
        # the number of classes enters checks alone, which cost a pass over each batch
        super().__init__(num_classes=2, n_bins=n_bins, norm=norm, validate_args=False)
