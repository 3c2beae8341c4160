"""An equivariant fit to the targets: by regression on samples that are moved along their orbits.

Kernel ridge regression on inputs and targets that are moved together covers the orbits, and its
mean over the orbit is an equivariant least-squares fit to the data where they are, whatever the law
of the inputs. It tightens the upper bound, since every equivariant function bounds the break from
above, and stands for Qm where moved inputs do not look like inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.kernel_ridge import KernelRidge, fit_kernel_ridge
from softsym.symmetries.elements import Element
from softsym.symmetries.orbit_moves import Mover

MOVED_ROWS, MOST_COPIES = 6000, 8
"""Rows of moved inputs to fit to: up to 8 moved copies of each input."""


@dataclass(frozen=True)
class MovedSamples:
    """Samples whose inputs and targets are moved together, which cover the orbits.

    Attributes:
        by: How inputs are moved.
        x: The inputs, unmoved (n, size in).
        elements: For each copy, an element for each sample (n, d, d).
        clusters: Cluster of each sample (n,).
        pool: Frames of the inputs.
    """

    by: Mover
    x: Tensor
    elements: list[Element]
    clusters: Tensor
    pool: Tensor | None

    @classmethod
    def of(cls, x: Tensor, clusters: Tensor, by: Mover, generator: torch.Generator) -> MovedSamples:
        """Draws as many elements for each sample as give about ``MOVED_ROWS`` rows."""
        frames = by.frames(x)
        copies = min(max(MOVED_ROWS // len(x), 1), MOST_COPIES)
        elements = [by.draw(frames, frames, generator, len(x)) for _ in range(copies)]
        return cls(by, x, elements, clusters, frames)

    @property
    def inputs(self) -> Tensor:
        """The moved inputs (copies * n, size in)."""
        return torch.cat([self.by.rep_in.act(g, self.x) for g in self.elements])

    def along(self, values: Tensor) -> Tensor:
        """Values of the samples (n, size out), moved as their inputs are (copies * n, size out)."""
        return torch.cat([self.by.rep_out.act(g, values) for g in self.elements])

    def fit(self, values: Tensor, generator: torch.Generator) -> KernelRidge:
        """Fits a function to values of the samples; its orbit mean is equivariant."""
        labels = self.clusters.repeat(len(self.elements))
        return fit_kernel_ridge(self.inputs, self.along(values), generator, labels)
