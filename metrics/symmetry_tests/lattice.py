"""What the verdict on one group says about its subgroups and supergroups.

A function that is equivariant under G is so under every subgroup H, so that b_H <= b_G for the
breaks: an upper bound for G holds for H, a lower bound for H holds for G, and evidence against H is
evidence against G.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.linalg import logm
from torch import Tensor

from softsym.metrics.symmetry_tests.statistics import Numbers
from softsym.symmetries import Group


@dataclass(frozen=True)
class Bounds:
    """The bounds of one candidate after all candidates were compared."""

    p_holm: float
    lower: float
    upper: float
    note: str = ""


def closed(
    groups: Mapping[str, Group], found: Mapping[str, Numbers], level: float, tolerance: float
) -> dict[str, Bounds]:
    """Corrects p-values for their number, and carries bounds along the lattice of subgroups.

    Args:
        groups: Name -> group of the candidates.
        found: Name -> numbers of the same candidates.
        level: Level of the verdicts.
        tolerance: Break up to which a symmetry counts as holding.
    """
    # a group under two names is one hypothesis
    first = {name: next(o for o in found if groups[o] == groups[name]) for name in found}
    distinct = holm({name: found[name].p for name in set(first.values())})
    corrected = {name: distinct[first[name]] for name in found}
    own = {n: Bounds(corrected[n], v.lower, v.upper) for n, v in found.items()}
    result = {}
    for name, bounds in own.items():
        smaller = [o for o in own if o != name and is_subgroup(groups[o], groups[name])]
        larger = [o for o in own if o != name and is_subgroup(groups[name], groups[o])]
        joined = replace(
            bounds,
            p_holm=min([bounds.p_holm, *(own[o].p_holm for o in smaller)]),
            lower=max([bounds.lower, *(own[o].lower for o in smaller)]),
            upper=min([bounds.upper, *(own[o].upper for o in larger)]),
        )
        against = [o for o in smaller if own[o].p_holm < level]
        result[name] = replace(joined, note=_note(name, bounds, joined, against, level, tolerance))
    return result


def _note(
    name: str, own: Bounds, joined: Bounds, against: list[str], level: float, tolerance: float
) -> str:
    if joined.lower > joined.upper:
        return (
            f"contradiction: {name} is bounded to at most {own.upper:.2g} and, through its "
            f"relatives, to at least {joined.lower:.2g}. One of them is wrong, by chance or "
            "because the predictor does not fit."
        )
    if own.p_holm >= level and against and joined.upper > tolerance:
        return f"broken since its subgroup {against[0]} is"
    return ""


def holm(ps: Mapping[str, float]) -> dict[str, float]:
    """p-values after Holm's correction (1979): in order of size, times the number still left."""
    corrected, largest = {}, 0.0
    for rank, name in enumerate(sorted(ps, key=lambda n: ps[n])):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[name]))
        corrected[name] = largest
    return {name: corrected[name] for name in ps}


def is_subgroup(H: Group, G: Group) -> bool:
    """Whether H is known to be a subgroup of G, both on the same space.

    Exact for algebras and for finite groups that can be listed. A discrete generator of H is found
    in an infinite G if it is an exponential of the algebra times one of G's discrete elements.
    """
    if H.space != G.space or len(H.factors) > 1:
        return H == G
    if not _spans(G.lie_algebra, H.lie_algebra):
        return False
    if G.finite_elements is not None:
        apart = torch.cdist(H.discrete_generators.flatten(1), G.finite_elements.flatten(1))
        return not len(apart) or bool((apart.amin(1) < 1e-6).all())
    if not len(G.lie_algebra):
        return H == G
    components = [torch.eye(G.dim, dtype=torch.float64), *G.discrete_generators]
    return all(
        any(_is_exponential(h @ torch.linalg.inv(k), G.lie_algebra) for k in components)
        for h in H.discrete_generators
    )


def _spans(span: Tensor, algebra: Tensor) -> bool:
    if not len(algebra):
        return True
    if not len(span):
        return False
    basis = torch.linalg.qr(span.flatten(1).T).Q
    flat = algebra.flatten(1).T
    return bool((flat - basis @ (basis.T @ flat)).norm() < 1e-8 * flat.norm())


def _is_exponential(h: Tensor, algebra: Tensor) -> bool:
    """Whether the principal logarithm of a matrix is in an algebra; False where it is not real."""
    if torch.allclose(h, torch.eye(len(h), dtype=h.dtype)):
        return True
    if float(torch.linalg.det(h)) <= 0:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a logarithm that does not exist
        log = np.asarray(logm(h.numpy()))
    if np.iscomplexobj(log) and np.abs(log.imag).max() > 1e-8:
        return False
    real = torch.from_numpy(np.ascontiguousarray(log.real))
    close = torch.allclose(torch.linalg.matrix_exp(real), h, atol=1e-8)
    return close and _spans(algebra, real[None])
