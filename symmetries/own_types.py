"""Checks that a user's own type is a representation of a group."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from softsym.symmetries.group import Group
from softsym.symmetries.representations import Outer, Product, Rep, T

CLOSE = 1e-6
"""Tolerance, absolute and relative: loose, since only gross errors are to be caught here."""


def require_representation(G: Group, R: Rep) -> None:
    """Tries ``rho`` and ``drho`` of every type other than T(p, q) on elements of the group.

    Raises:
        ValueError: If rho(g) is no matrix of the stated size, rho(g h) is not rho(g) rho(h), or
            rho(exp A) is not exp drho(A).
    """
    if isinstance(R, Outer):
        for factor, part in zip(G.factors, R.parts, strict=True):
            require_representation(factor, part)
    elif isinstance(R, Product):
        for part in R.parts:
            require_representation(G, part)
    elif not isinstance(R, T):
        _require_homomorphism(G, R)
        _require_derivative(G, R)


def _require_homomorphism(G: Group, R: Rep) -> None:
    # the generators join random elements, which of a small group may all be the identity
    drawn = G.sample(2, torch.Generator().manual_seed(0))
    one = torch.eye(G.dim, dtype=torch.float64)
    tried = [one, *drawn, *G.discrete_generators[:2]]
    size = R.size(G.space)
    moved = [_call(G, R, "rho", g) for g in tried]
    if moved[0].shape != (size, size):
        raise ValueError(
            f"rho of {R} must give matrices of shape {(size, size)} for {G}; got "
            f"{tuple(moved[0].shape)}."
        )
    for (g, rho_g), (h, rho_h) in product(zip(tried, moved, strict=True), repeat=2):
        together, apart = _call(G, R, "rho", g @ h), rho_g @ rho_h
        if not torch.allclose(together, apart, atol=CLOSE, rtol=CLOSE):
            raise ValueError(
                f"{R} is no representation of {G}: rho(g h) and rho(g) rho(h) differ by "
                f"{float((together - apart).abs().max()):.1e} for two of its elements."
            )
    # rho = 0 satisfies every product
    if not torch.allclose(moved[0], torch.eye(size, dtype=torch.float64), atol=CLOSE):
        raise ValueError(f"{R} is no representation of {G}: rho of the identity is not 1.")


def _require_derivative(G: Group, R: Rep) -> None:
    for i, A in enumerate(G.lie_algebra):
        step = 0.1 * A  # a finite step: exp drho(A) must be rho(exp A), not only to first order
        moved = _call(G, R, "rho", torch.linalg.matrix_exp(step))
        expected = torch.linalg.matrix_exp(_call(G, R, "drho", step))
        if moved.shape != expected.shape or not torch.allclose(
            moved, expected, atol=CLOSE, rtol=CLOSE
        ):
            raise ValueError(
                f"drho of {R} is not the derivative of its rho along generator {i} of {G}."
            )


def _call(G: Group, R: Rep, method: str, argument: Tensor) -> Tensor:
    try:
        result: Tensor = getattr(R, method)(argument)
        dtype = result.dtype
    except Exception as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"{method} of {R} fails for an element of {G}: {reason}.") from error
    if dtype != argument.dtype:
        raise ValueError(
            f"{method} of {R} must compute in the dtype of its argument, {argument.dtype}; got "
            f"{dtype}."
        )
    return result
