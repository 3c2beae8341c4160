"""What a task loss makes of predictions, and targets that are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn
from torchmetrics import MeanAbsoluteError, MeanSquaredError, MetricCollection
from torchmetrics.classification import BinaryCalibrationError

from softsym.metrics.classification import BinaryAccuracy, CrossEntropy
from softsym.metrics.heads import nested_loss

DIFFERENCES = (MeanSquaredError, MeanAbsoluteError)
"""Metrics of differences alone, in which a mean that both sides share cancels."""
ELEMENTWISE = (
    *DIFFERENCES,
    *(nn.MSELoss, nn.L1Loss, nn.HuberLoss, nn.SmoothL1Loss, nn.BCEWithLogitsLoss),
    *(CrossEntropy, BinaryAccuracy, BinaryCalibrationError),
)
"""Losses and metrics that are means over single numbers, so that any of these may be left out."""


LINKS: dict[type[nn.Module], Callable[[], nn.Module]] = {
    nn.CrossEntropyLoss: partial(nn.Softmax, -1),
    nn.BCEWithLogitsLoss: nn.Sigmoid,
}
"""Loss -> what makes the map from the network's outputs to the conditional mean of the targets."""


def link_of(loss: nn.Module) -> nn.Module:
    """The map from the network's outputs to the conditional mean of the targets.

    A network that is trained by cross-entropy gives logits; the mean of one-hot labels given the
    input, E[onehot | x], is their softmax. Other losses fit the targets as they are.
    """
    return next((make() for kind, make in LINKS.items() if isinstance(loss, kind)), nn.Identity())


def linked(link: nn.Module, prediction: Any) -> Any:
    """Maps a prediction, or each of nested ones, by a link."""
    if isinstance(prediction, Mapping):
        return {name: linked(link, part) for name, part in prediction.items()}
    if isinstance(prediction, list | tuple):
        return [linked(link, part) for part in prediction]
    return link(prediction)


def observed(of: Any, prediction: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Leaves out what a loss or metric must not see: NaN among the targets.

    Means over single numbers get all observed numbers in a row (m,); others, which may mix the
    numbers of a sample, get the samples (m, size out) that are whole. What handles NaN by itself
    says so by an attribute ``takes_missing``.
    """
    if getattr(of, "takes_missing", False):
        return prediction, targets
    known = ~targets.isnan()
    if not isinstance(of, ELEMENTWISE):
        known = known.all(-1)
    return prediction[known], targets[known]


def require_column(prediction: Any, targets: Any) -> None:
    """Refuses targets that a loss would broadcast: each with the predictions of all samples.

    Raises:
        ValueError: If the targets are (n,), and the predictions (n, 1).
    """
    if not isinstance(targets, Tensor) or not isinstance(prediction, Tensor):
        return
    if targets.ndim == 1 and prediction.ndim == 2 and prediction.shape[1] == 1:
        raise ValueError(
            f"The targets have the shape ({len(targets)},), but one number per sample is a column, "
            f"({len(targets)}, 1), as the predictions are. Return targets[:, None]."
        )


def task_loss(loss: nn.Module, prediction: Any, targets: Any, partial: bool) -> Tensor:
    """The task loss over what was observed; 0 where a batch holds nothing of it.

    Args:
        loss: The loss of prediction and target.
        prediction: Outputs of the network (n, size out), or nested ones.
        targets: Targets (n, size out), labels (n,), or nested ones.
        partial: Whether targets may be NaN.
    """
    if partial and isinstance(targets, Tensor):
        prediction, targets = observed(loss, prediction, targets)
        if not len(targets):
            empty: Tensor = prediction.sum()
            return empty
    return nested_loss(loss, prediction, targets)


def update_metrics(
    metrics: MetricCollection,
    prediction: Tensor,
    targets: Tensor,
    partial: bool,
    mean: Tensor | None = None,
) -> None:
    """Updates each metric with what was observed of a batch.

    Args:
        metrics: The metrics.
        prediction: Predictions (n, size out), less their mean.
        targets: Targets, likewise.
        partial: Whether targets may be NaN.
        mean: Mean (size out,), float64, that all but metrics of differences are to see, which would
            only lose digits by it.
    """
    if not partial and mean is None:
        metrics.update(prediction, targets)
        return
    for metric in metrics.values(copy_state=False):
        seen = prediction, targets
        if mean is not None and not isinstance(metric, DIFFERENCES):
            seen = prediction + mean, targets + mean
        if partial:
            seen = observed(metric, *seen)
        if len(seen[1]):
            metric.update(*seen)
