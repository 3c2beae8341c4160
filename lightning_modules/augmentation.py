"""Training on transformed data: the usual alternative to a regularizer."""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.symmetries import Group, Rep
from softsym.symmetries.elements import Element, to


class GroupAugmentation:
    r"""Moves every sample of a batch by its own element of a group.

    .. math:: (x, y) \mapsto (\rho_\mathrm{in}(g) x,\ \rho_\mathrm{out}(g) y), \qquad g \in G

    Elements depend on seed, step and process alone: they differ between steps and processes, and a
    resumed training draws the same ones.
    """

    def __init__(self, group: Group, seed: int = 0) -> None:
        self.group, self.seed = group, seed

    def __call__(
        self, batch: tuple[Tensor, Tensor], types: tuple[Rep, Rep], step: int, rank: int = 0
    ) -> tuple[Tensor, Tensor]:
        """Moves inputs (n, size in) and targets (n, size out), given their types.

        The action is computed in float64; the moved batch has the precision of the given one.
        """
        # primes, so that the seeds of steps and processes do not meet
        generator = torch.Generator().manual_seed(
            (self.seed + 1_000_003 * step + 7_919 * rank) % 2**63
        )
        g = self.group.sample_elements(len(batch[0]), generator)
        inputs, targets = (self._move(x, R, g) for x, R in zip(batch, types, strict=True))
        return inputs, targets

    def _move(self, values: Tensor, R: Rep, g: Element) -> Tensor:
        moved = R.over(self.group).act(to(g, values.device), values.double())
        return moved.to(values.dtype)
