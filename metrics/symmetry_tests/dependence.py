"""How much the two halves of a cross-fitted test repeat each other.

Each half is tested with a predictor that was fitted on the other half. Under symmetry f - Qf is
nothing but the noise of that fit, so that both means are sums over the same pairs of samples, one
from each half: for a linear fit they are even the same number. Taken as independent they would give
false alarms; taken as the same, none at all. Their correlation is estimated by a wild bootstrap:
residuals get random signs, the predictor, which is linear in its targets, is fitted to them anew,
and both means are computed again.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.kernel_ridge import KernelRidge
from softsym.metrics.symmetry_tests.likeness import Density
from softsym.metrics.symmetry_tests.projection import project_function
from softsym.symmetries.orbit_moves import Mover, acts_orthogonally

COLUMNS = 240
"""Refitted targets at once, signs times size out; the correlation is known to about 0.1."""
FEWEST = 24
DRAWS = 2


def fold_correlation(  # one argument for each thing that the test has fitted
    predictors: tuple[KernelRidge, KernelRidge],
    densities: tuple[Density | None, Density | None],
    rows: tuple[Tensor, Tensor],
    x: Tensor,
    residuals: Tensor,
    clusters: Tensor,
    by: Mover,
    generator: torch.Generator,
) -> float:
    """Estimates the correlation of the two halves' means under symmetry, 0 to 1.

    Args:
        predictors: Those fitted on the first and on the second half.
        densities: How moved inputs count beside each predictor, None for all the same.
        rows: Rows of the first and of the second half.
        x: Inputs (n, size in).
        residuals: What an equivariant function leaves of the targets, (n, size out).
        clusters: Cluster of each sample (n,); signs are the same within one.
        by: How inputs are moved.
        generator: Source of signs and elements.
    """
    if not acts_orthogonally(by.rep_out, by.group):
        return 1.0
    count = max(FEWEST, COLUMNS // residuals.shape[1])
    signs = (
        torch.randint(0, 2, (int(clusters.max()) + 1, count), generator=generator).double() * 2 - 1
    )
    targets = (signs[clusters][:, :, None] * residuals[:, None]).flatten(1)
    many = replace(by, rep_out=count * by.rep_out)
    means = []
    parts = zip(predictors, densities, rows, reversed(rows), strict=True)
    for f, density, fitted, held in parts:
        refitted = f.refitted(x[fitted], targets[fitted])
        pool = by.frames(x[fitted])
        q = project_function(refitted, x[held], many, DRAWS, generator, pool, density)
        z = targets[held] * (refitted(x[held]) - q)
        means.append(z.unflatten(1, (count, -1)).sum(-1).mean(0))
    correlation = torch.corrcoef(torch.stack(means))[0, 1].nan_to_num(1.0)
    return float(correlation.clamp(0.0, 1.0))
