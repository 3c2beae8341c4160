"""Losses and metrics of nested predictions: networks with several heads.

A head is a key of a mapping or a place in a tuple, as in ``{"energy": ..., "force": ...}``. Heads
that the targets do not have are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection
from typing_extensions import override


class HeadLosses(nn.Module):
    """Weighted sum of a loss for each head.

    Args:
        losses: Head -> loss of its prediction and target; a head without one counts nothing.
        weights: Head -> factor of its loss; 1 by default.

    Raises:
        ValueError: If a weight is given to a head without a loss.

    Example:
        >>> loss = HeadLosses({"energy": nn.MSELoss(), "force": nn.L1Loss()}, {"force": 10.0})
        >>> one, zero = torch.ones(2, 1), torch.zeros(2, 1)
        >>> float(loss({"energy": one, "force": one}, {"energy": zero, "force": zero}))
        11.0
    """

    takes_nested = True

    def __init__(
        self, losses: Mapping[str, nn.Module], weights: Mapping[str, float] | None = None
    ) -> None:
        super().__init__()
        self.losses = nn.ModuleDict(dict(losses))
        self.weights = dict(weights or {})
        if unknown := sorted(self.weights.keys() - losses.keys()):
            raise ValueError(
                f"weights name {', '.join(unknown)}, but the losses are of {', '.join(losses)}."
            )

    @override
    def forward(self, prediction: Any, target: Any) -> Tensor:
        found = dict(heads(prediction, target))
        if missing := [head for head in self.losses if head not in found]:
            raise ValueError(
                f"There is a loss of {', '.join(missing)}, but the targets have "
                f"{', '.join(found) or 'no names'}."
            )
        terms = [
            self.weights.get(head, 1.0) * loss(*found[head]) for head, loss in self.losses.items()
        ]
        return torch.stack(terms).sum()


class HeadMetrics(nn.Module):
    """A collection of metrics for each head, and the mean over heads under the plain name.

    For predictions that are one tensor this is the collection itself: ``val/mse``. For heads it is
    ``val/energy/mse``, ``val/force/mse``, and their mean ``val/mse``.

    Args:
        metrics: The collection, which is cloned.
        prefix: Prefix of all names, such as ``val/``.
    """

    def __init__(self, metrics: MetricCollection, prefix: str) -> None:
        super().__init__()
        self.plain, self.prefix = metrics.clone(prefix=prefix), prefix
        self.heads = nn.ModuleDict()

    def __iter__(self) -> Iterator[str]:
        """The names of all metrics but those of single heads."""
        return map(str, self.plain.keys())

    def update(self, prediction: Any, target: Any) -> None:
        """Adds a batch of predictions and targets, tensors or nested."""
        if isinstance(target, Tensor):
            self.plain.update(prediction, target)
            return
        for head, pair in heads(prediction, target):
            key = head.replace(".", "/")
            if key not in self.heads:
                made = self.plain.clone(prefix=f"{self.prefix}{key}/").to(pair[1].device)
                self.heads[key] = made
            collection: Any = self.heads[key]
            collection.update(*pair)

    def compute(self) -> dict[str, Tensor]:
        """All values by name."""
        if not len(self.heads):
            return dict(self.plain.compute())
        collections: list[Any] = list(self.heads.values())
        values = [collection.compute() for collection in collections]
        # in one order in all of them
        columns = zip(*(each.values() for each in values), strict=True)
        means = [torch.stack([v.double() for v in column]).mean() for column in columns]
        together = dict(zip(self.plain.keys(), means, strict=True))
        return together | {name: value for each in values for name, value in each.items()}

    def reset(self) -> None:
        """Forgets all batches."""
        for collection in (self.plain, *self.heads.values()):
            reset: Any = collection
            reset.reset()


def nested_loss(loss: nn.Module, prediction: Any, target: Any) -> Tensor:
    """The loss of a tensor; of nested predictions, the sum of the losses of all heads.

    :class:`HeadLosses` weighs them, and any loss with an attribute ``takes_nested`` is given the
    whole.
    """
    if isinstance(target, Tensor) or getattr(loss, "takes_nested", False):
        value: Tensor = loss(prediction, target)
        return value
    return torch.stack([loss(*pair) for _, pair in heads(prediction, target)]).sum()


def heads(
    prediction: Any, target: Any, name: str = ""
) -> Iterator[tuple[str, tuple[Tensor, Tensor]]]:
    """Names of all heads that the targets have, each with its prediction and target.

    Raises:
        ValueError: If the predictions are not nested as the targets are.
    """
    if isinstance(target, Tensor):
        yield name, (prediction, target)
        return
    for key in target if isinstance(target, Mapping) else range(len(target)):
        try:
            part = prediction[key]
        except (KeyError, IndexError, TypeError):
            has = ", ".join(map(str, prediction)) if isinstance(prediction, Mapping) else ""
            raise ValueError(
                f"The targets have {key!r}, which the predictions lack: the network returns "
                f"{has or type(prediction).__name__}."
            ) from None
        yield from heads(part, target[key], f"{name}.{key}" if name else str(key))
