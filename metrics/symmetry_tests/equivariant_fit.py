"""Qf where moved inputs do not look like inputs: by regression instead of by averaging.

The mean of f over an orbit is Qf only if inputs are spread over the orbit as the drawn elements
are. Elsewhere the mean extrapolates f to places without data, and what it gets wrong there would
pass for a broken symmetry. So the equivariant part is *fitted*: kernel ridge regression on inputs
and targets that are moved together covers the orbits, and its mean over the orbit is an equivariant
least-squares fit to the data where they are.

* h is fitted to the targets y, and stands for Qm beside them;
* Qf = h + R(f - h), with R the same fit to what f adds to h.

Under symmetry the mean of <y - h, f - Qf> is then a product of two errors of fits. Both contain the
smoothing bias of the fit, (1 - R)m, which would pass for a small break. What the fit does to h
itself, h - Rh, shows that bias, and its square is subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.kernel_ridge import KernelRidge, fit_kernel_ridge
from softsym.metrics.symmetry_tests.projection import Function, project_function
from softsym.symmetries.elements import Element
from softsym.symmetries.orbit_moves import Mover

MOVED_ROWS, MOST_COPIES = 6000, 8
"""Rows of moved inputs to fit to: up to 8 moved copies of each input."""
DRAWS = 8


@dataclass(frozen=True)
class EquivariantFit:
    """Functions whose orbit means are h, R(f - h) and Rh."""

    by: Mover
    function: Function
    pool: Tensor | None

    def at(self, x: Tensor, draws: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Computes h(x), (Qf)(x) and h(x) - (Rh)(x), each (n, size out), by random elements."""
        all_three = project_function(self.function, x, self.by, draws, generator, self.pool)
        h, rest, again = all_three.chunk(3, dim=1)
        return h, h + rest, h - again


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


def fit_equivariant(
    f: Function, x: Tensor, y: Tensor, clusters: Tensor, by: Mover, generator: torch.Generator
) -> EquivariantFit:
    """Fits h, R(f - h) and Rh to the samples from which f was fitted.

    Args:
        f: The function, (n, size in) to (n, size out).
        x: Inputs (n, size in).
        y: Targets (n, size out).
        clusters: Cluster of each sample (n,).
        by: How inputs are moved.
        generator: Source of elements and landmarks.
    """
    moved = MovedSamples.of(x, clusters, by, generator)
    of_targets = moved.fit(y, generator)
    h = project_function(of_targets, x, by, DRAWS, generator, moved.pool)
    of_rest = moved.fit(f(x) - h, generator)
    again = of_targets.refitted(moved.inputs, moved.along(h))
    return EquivariantFit(
        replace(by, rep_out=3 * by.rep_out),
        lambda z: torch.cat([of_targets(z), of_rest(z), again(z)], dim=1),
        moved.pool,
    )
