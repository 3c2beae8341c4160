"""Training on transformed data: the usual alternative to a regularizer."""

from __future__ import annotations

from typing import Any

from softsym.lightning_modules.moved_batches import moved_batch
from softsym.symmetries import Group
from softsym.symmetries.batches import Types, sample_count, tensors
from softsym.symmetries.elements import to
from softsym.symmetries.haar import step_generator


class GroupAugmentation:
    r"""Moves every sample of a batch by its own element of a group.

    .. math:: (x, y) \mapsto (\rho_\mathrm{in}(g) x,\ \rho_\mathrm{out}(g) y), \qquad g \in G

    Elements depend on seed, step and process alone: they differ between steps and processes, and a
    resumed training draws the same ones.
    """

    def __init__(self, group: Group, seed: int = 0) -> None:
        self.group, self.seed = group, seed

    def __call__(
        self, batch: tuple[Any, Any], types: tuple[Types, Types], step: int, rank: int = 0
    ) -> tuple[Any, Any]:
        """Moves inputs and targets, tensors (n, ..., size) or nested, given their types.

        The action is computed in float64; the moved batch has the precision of the given one.
        """
        generator = step_generator(self.seed, step, rank)
        count, device = sample_count(batch[0], types[0]), next(tensors(batch)).device
        g = to(self.group.sample_elements(count, generator), device)
        return moved_batch(batch, types, self.group, g)
