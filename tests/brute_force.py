"""Invariants by dense linear algebra from the definitions alone, as a reference for tests."""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.symmetries import Group, Rep
from softsym.symmetries.elements import Element


def discrete_elements(G: Group) -> list[Element]:
    """The discrete generators; for a direct product, one matrix for each factor."""
    if len(G.factors) == 1:
        return list(G.discrete_generators)
    ones = [torch.eye(factor.dim, dtype=torch.float64) for factor in G.factors]
    return [
        (*ones[:i], h, *ones[i + 1 :])
        for i, factor in enumerate(G.factors)
        for h in factor.discrete_generators
    ]


def projector(G: Group, R: Rep) -> Tensor:
    """Orthogonal projector onto the invariants of all generators, from one large SVD."""
    R = R.over(G)
    size = R.size(G.space)
    one = torch.eye(size, dtype=torch.float64)
    constraints = [R.drho(A) for A in G.algebra_elements]
    constraints += [R.rho(h) - one for h in discrete_elements(G)]
    _, values, rows = torch.linalg.svd(torch.cat(constraints or [0 * one]))
    null = rows[int((values > 1e-8).sum()) :]
    return null.T @ null


def scaled(G: Group) -> Group:
    """The same group by other infinitesimal generators, with no closed form and no name."""
    return Group(G.dim, 3 * G.lie_algebra, G.discrete_generators, "plain")
