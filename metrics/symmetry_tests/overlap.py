"""Whether moved inputs lie among inputs: where they never do, no sample can contradict a symmetry.

Any function on inputs that no element moves near each other is the restriction of an equivariant
one, so that its break is 0 whatever the targets are, and only an extrapolation could say otherwise.
"""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.samples import spread_rows

PROBES, AMONG = 400, 2000
"""Inputs that are moved, and inputs among which they are looked for, at most."""
NEIGHBOURS = 0.05
"""An input is as near to others as to this share of them, so that near copies do not count."""
USUAL = 0.5
"""Quantile of these distances between inputs up to which a moved one counts as near."""
FEWEST = 0.02
"""Share of moved inputs that must be near others."""


class ApartError(ValueError):
    """A group moves inputs to where no others are."""


def share_among(x: Tensor, moved: Tensor, clusters: Tensor) -> float:
    """The share of moved inputs that are as near to inputs as inputs are to each other.

    Neighbours are of another cluster. Inputs that an element leaves where they are do not count;
    where all stay, the share is 1.

    Args:
        x: Inputs (n, size).
        moved: The same, each moved by one element.
        clusters: Cluster of each input (n,).
    """
    moves = ((moved - x).abs().amax(1) > 1e-6 * x.abs().amax()).nonzero()[:, 0]
    if not len(moves):
        return 1.0
    probes, among = moves[spread_rows(len(moves), PROBES)], spread_rows(len(x), AMONG)
    same = clusters[probes, None] == clusters[among]
    count = max(1, int(NEIGHBOURS * len(among)))

    def away(rows: Tensor) -> Tensor:
        return torch.cdist(rows, x[among]).masked_fill(same, torch.inf).kthvalue(count).values

    usual = away(x[probes]).quantile(USUAL)
    return float((away(moved[probes]) <= usual * (1 + 1e-6)).double().mean())
