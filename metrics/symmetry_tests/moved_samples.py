"""An equivariant fit to the targets: by regression on samples that are moved along their orbits.

Kernel ridge regression on inputs and targets that are moved together covers the orbits, and its
mean over the orbit is an equivariant least-squares fit to the data where they are, whatever the law
of the inputs. It tightens the upper bound, since every equivariant function bounds the break from
above, and stands for Qm where moved inputs do not look like inputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.charts import Layout
from softsym.metrics.symmetry_tests.kernel_ridge import KernelRidge, Recipe, fit_kernel_ridge
from softsym.symmetries.orbit_moves import Mover

MOVED_ROWS, MOST_COPIES = 6000, 8
"""Rows of moved inputs to fit to: up to 8 moved copies of each input."""


def fit_moved(  # one argument for each thing that the samples are
    x: Tensor,
    y: Tensor,
    clusters: Tensor,
    by: Mover,
    generator: torch.Generator,
    layout: Layout,
    recipe: Recipe | None = None,
) -> KernelRidge:
    """Fits a function to moved samples; its mean over the orbit is equivariant.

    Args:
        x: Inputs (n, size in).
        y: Targets (n, size out).
        clusters: Cluster of each sample (n,).
        by: How inputs are moved.
        generator: Source of elements and landmarks.
        layout: Which numbers of an input belong together.
        recipe: Coordinates and kernel of a fit to the samples as they are.
    """
    frames = by.frames(x)
    copies = min(max(MOVED_ROWS // len(x), 1), MOST_COPIES)
    elements = [by.draw(frames, frames, generator, len(x)) for _ in range(copies)]
    inputs = torch.cat([by.rep_in.act(g, x) for g in elements])
    targets = torch.cat([by.rep_out.act(g, y) for g in elements])
    return fit_kernel_ridge(inputs, targets, generator, clusters.repeat(copies), layout, recipe)
