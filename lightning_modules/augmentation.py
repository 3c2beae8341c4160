"""Training on moved copies of the data: the usual alternative to a regularizer."""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.symmetries import Group, Rep
from softsym.symmetries.elements import Element, to


class GroupAugmentation:
    r"""Moves every sample of a batch by an element of a group of its own.

    .. math:: (x, y) \mapsto (\rho_\mathrm{in}(g) x,\ \rho_\mathrm{out}(g) y), \qquad g \in G

    Elements are drawn anew in every step, from the seed and the number of the step alone, so that
    a resumed training sees the same ones, and those of each process differ.

    Args:
        group: The group G.
        seed: Seed of the elements.
    """

    def __init__(self, group: Group, seed: int = 0) -> None:
        self.group, self.seed = group, seed

    def __call__(
        self,
        batch: tuple[Tensor, Tensor],
        types: tuple[Rep, Rep],
        step: int,
        rank: int = 0,
    ) -> tuple[Tensor, Tensor]:
        """Moves a batch.

        Args:
            batch: Inputs (n, size in) and targets (n, size out).
            types: Their types.
            step: Number of the step.
            rank: Number of the process.

        Returns:
            The moved batch, in its own precision; the action is computed in float64.
        """
        generator = torch.Generator().manual_seed(
            (self.seed + 1_000_003 * step + 7_919 * rank) % 2**63
        )
        g = self.group.sample_elements(len(batch[0]), generator)
        inputs, targets = (self._moved(x, R, g) for x, R in zip(batch, types, strict=True))
        return inputs, targets

    def _moved(self, values: Tensor, R: Rep, g: Element) -> Tensor:
        moved = R.over(self.group).act(to(g, values.device), values.double())
        return moved.to(values.dtype)
