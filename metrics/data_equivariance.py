"""Estimates how equivariant data are whose true function is unknown."""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.symmetries import Group, Rep

Samples = tuple[Tensor, Tensor]


def nearest_neighbour_error(
    queries: Samples, references: Samples, rep_in: Rep, rep_out: Rep, G: Group, seed: int = 0
) -> tuple[float, float]:
    """Estimates the data's equivariance error by comparing moved samples with their neighbours.

    A query (x, y) is moved by a random g. For the reference x' nearest to rho_in(g) x, its y' is
    compared with rho_out(g) y by the relative error of
    :func:`softsym.metrics.equivariance_error`. Samples with similar inputs differ as well, by an
    amount that the same estimate for the identity, the floor, measures.

    Args:
        queries: Inputs (n, size in) and targets (n, size out).
        references: A larger number of samples of the same kind, none of them a query.
        rep_in: Type of the inputs.
        rep_out: Type of the targets.
        G: The group.
        seed: Seed of the group elements.

    Returns:
        The estimate for G and its floor, both between 0 and 1.
    """
    x, y = (part.double() for part in queries)
    g = G.sample_elements(len(x), torch.Generator().manual_seed(seed))
    moved_x, moved_y = rep_in.over(G).act(g, x), rep_out.over(G).act(g, y)
    return _mismatch((moved_x, moved_y), references), _mismatch((x, y), references)


def _mismatch(moved: Samples, references: Samples) -> float:
    x, y = moved
    # 256 queries at a time, to bound the memory of the distance matrix.
    nearest = torch.cat(
        [torch.cdist(part.to(references[0]), references[0]).argmin(1) for part in x.split(256)]
    )
    neighbours = references[1][nearest].double()
    size = (neighbours.norm(dim=-1) + y.norm(dim=-1)).sum().clamp_min(1e-300)
    return float((neighbours - y).norm(dim=-1).sum() / size)
