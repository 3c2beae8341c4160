"""Qf where moved inputs do not look like inputs: by regression instead of by averaging.

The mean of f over an orbit is Qf only if inputs are spread over the orbit as the drawn elements
are. Elsewhere the mean extrapolates f to places without data, and what it gets wrong there would
pass for a broken symmetry. So the equivariant part is *fitted*: kernel ridge regression on inputs
and targets that are moved together covers the orbits, and its mean over the orbit is an equivariant
least-squares fit to the data where they are.

* h is fitted to the targets y, and stands for Qm beside them;
* Qf = h + R(f - h), with R the same fit to what f adds to h.

Under symmetry the mean of <y - h, f - Qf> is then a product of two errors of fits, one of them in f
- h, which is itself an error of a fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.kernel_ridge import fit_kernel_ridge
from softsym.metrics.symmetry_tests.projection import Function, project_function
from softsym.symmetries.elements import Element
from softsym.symmetries.orbit_moves import Mover

MOVED_ROWS, MOST_COPIES = 6000, 8
"""Rows of moved inputs to fit to: up to 8 moved copies of each input."""
DRAWS = 8


@dataclass(frozen=True)
class EquivariantFit:
    """Functions whose orbit means are h and R(f - h)."""

    by: Mover
    function: Function
    pool: Tensor | None

    def at(self, x: Tensor, draws: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Computes h(x) and (Qf)(x), each (n, size out), by random elements."""
        both = project_function(self.function, x, self.by, draws, generator, self.pool)
        h, rest = both.chunk(2, dim=1)
        return h, h + rest


def fit_equivariant(
    f: Function, x: Tensor, y: Tensor, clusters: Tensor, by: Mover, generator: torch.Generator
) -> EquivariantFit:
    """Fits h and R(f - h) to the samples from which f was fitted.

    Args:
        f: The function, (n, size in) to (n, size out).
        x: Inputs (n, size in).
        y: Targets (n, size out).
        clusters: Cluster of each sample (n,).
        by: How inputs are moved.
        generator: Source of elements and landmarks.
    """
    frames = by.frames(x)
    copies = min(max(MOVED_ROWS // len(x), 1), MOST_COPIES)
    elements = [by.draw(frames, frames, generator, len(x)) for _ in range(copies)]
    moved = torch.cat([by.rep_in.act(g, x) for g in elements])
    labels = clusters.repeat(copies)

    def fitted(values: Tensor) -> Function:
        targets = torch.cat([_moved(by, g, values) for g in elements])
        return fit_kernel_ridge(moved, targets, generator, labels)

    of_targets = fitted(y)
    h = project_function(of_targets, x, by, DRAWS, generator, frames)
    of_rest = fitted(f(x) - h)
    twice = replace(by, rep_out=by.rep_out + by.rep_out)
    return EquivariantFit(twice, lambda z: torch.cat([of_targets(z), of_rest(z)], dim=1), frames)


def _moved(by: Mover, g: Element, values: Tensor) -> Tensor:
    return by.rep_out.act(g, values)
