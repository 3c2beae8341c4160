"""Relative errors as sums over batches and processes, by what they are relative to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from softsym.metrics.rounding import relative_error
from softsym.metrics.spread import merged, no_moments, relative_to_spread
from softsym.metrics.type_checks import Function, on_vectors
from softsym.symmetries import Group, Rep, T
from softsym.symmetries import group as parse_group
from softsym.symmetries.batches import read_types

SPREAD: str = "spread"
SIZES: str = "sizes"
PAPER: str = "paper"
"""What an error may be relative to; see :func:`softsym.metrics.equivariance_error`."""


@dataclass(frozen=True)
class Measure:
    """How the parts of an error are summed and divided.

    Attributes:
        empty: Makes the sums of no sample, from the number of outputs.
        merged: Merges sums, stacked along a first axis.
        ratio: The error, from sums, the group and the type of the outputs.
    """

    empty: Callable[[int], Tensor]
    merged: Callable[[Tensor], Tensor]
    ratio: Callable[[Tensor, Group, Rep], Tensor]


def _four_zeros(_: int) -> Tensor:
    return torch.zeros(4, dtype=torch.float64)


def _added(parts: Tensor) -> Tensor:
    return parts.sum(0)


def _ratio_of_sums(sums: Tensor, _: Group, __: Rep) -> Tensor:
    return relative_error(sums)


_OF_SUMS = Measure(_four_zeros, _added, _ratio_of_sums)

MEASURES = {
    SPREAD: Measure(no_moments, merged, relative_to_spread),
    SIZES: _OF_SUMS,
    PAPER: _OF_SUMS,
}


def measure(relative_to: str, allowed: tuple[str, ...]) -> Measure:
    """Finds a measure by name.

    Raises:
        ValueError: If the name is none of those allowed.
    """
    if relative_to not in allowed:
        raise ValueError(f"relative_to must be one of {', '.join(allowed)}; got {relative_to!r}.")
    return MEASURES[relative_to]


class AccumulatedError(Metric):
    """A relative error over batches, from sums that a subclass adds.

    Args:
        rep_in: Type of the inputs, or a mapping or tuple of types.
        rep_out: Type of the outputs, likewise.
        group: The group.
        relative_to: Name of a measure.
        allowed: Names that ``relative_to`` may have.
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    sums: Tensor
    count: Tensor

    def __init__(
        self,
        rep_in: Any,
        rep_out: Any,
        group: str | Group,
        relative_to: str,
        allowed: tuple[str, ...],
    ) -> None:
        super().__init__()
        self.rep_in, self.rep_out = read_types(rep_in), read_types(rep_out)
        self.group, self.relative_to = parse_group(group), relative_to
        self._measure = measure(relative_to, allowed)
        # the number of atoms or pixels, say, is known at the first update
        self._of_outputs = self.rep_out if isinstance(self.rep_out, Rep) else T(0)
        self.add_state("sums", self._empty(self._of_outputs), dist_reduce_fx=self._measure.merged)
        self.add_state("count", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def compute(self) -> Tensor:
        """Returns the error, at least 0; NaN before any input."""
        if not self.count:
            return torch.full_like(self.count, torch.nan)
        return self._measure.ratio(self.sums, self.group, self._of_outputs)

    def _on_vectors(self, f: Function, x: Any) -> tuple[Function, tuple[Rep, Rep], Tensor]:
        """The function and its inputs as vectors; as many outputs are expected from then on."""
        f, R_in, R_out, x = on_vectors(f, self.rep_in, self.rep_out, self.group, x)
        fresh = self._empty(R_out)
        if fresh.shape != self.sums.shape:
            if self.count:
                raise ValueError(
                    f"The outputs of a sample were {self._of_outputs} in earlier batches, and are "
                    f"{R_out} now. Pad all batches to one shape."
                )
            self.sums = fresh.to(self.sums.device)
        self._of_outputs = R_out
        return f, (R_in, R_out), x

    def _empty(self, R: Rep) -> Tensor:
        return self._measure.empty(R.over(self.group).size(self.group.space))

    def _add(self, sums: Tensor, count: int) -> None:
        self.sums = self._measure.merged(torch.stack([self.sums, sums]))
        self.count += count
