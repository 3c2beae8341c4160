"""Checks that a type of the user's own is a representation of a group."""

from __future__ import annotations

import torch
from torch import Tensor

from symmetries.elements import algebra_matrix
from symmetries.group import Group
from symmetries.representations import Product, Rep, T

CLOSE = 1e-6


def require_representation(G: Group, R: Rep) -> None:
    """Tries ``rho`` and ``drho`` of every type that is no T(p, q) on elements of the group.

    Raises:
        ValueError: If rho(g) is no matrix of the stated size, rho(g h) is not rho(g) rho(h), or
            rho(exp A) is not exp drho(A).
    """
    for part in R.parts if isinstance(R, Product) else (R,):
        if not isinstance(part, T):
            _require_homomorphism(G, part)
            _require_derivative(G, part)


def _require_homomorphism(G: Group, R: Rep) -> None:
    g, h = G.sample(2, torch.Generator().manual_seed(0))
    size = R.size(G.space)
    rho_g = _called(G, R, "rho", g)
    if rho_g.shape != (size, size):
        raise ValueError(
            f"rho of {R} must give matrices of shape ({size}, {size}) for {G}; got "
            f"{tuple(rho_g.shape)}."
        )
    together, apart = _called(G, R, "rho", g @ h), rho_g @ _called(G, R, "rho", h)
    if not torch.allclose(together, apart, atol=CLOSE, rtol=CLOSE):
        raise ValueError(
            f"{R} is no representation of {G}: rho(g h) and rho(g) rho(h) differ by "
            f"{float((together - apart).abs().max()):.1e} for two of its elements."
        )


def _require_derivative(G: Group, R: Rep) -> None:
    for i, A in enumerate(G.algebra_elements):
        step = 0.1 * algebra_matrix(A)
        moved = _called(G, R, "rho", torch.linalg.matrix_exp(step))
        expected = torch.linalg.matrix_exp(_called(G, R, "drho", step))
        if moved.shape != expected.shape or not torch.allclose(
            moved, expected, atol=CLOSE, rtol=CLOSE
        ):
            raise ValueError(
                f"drho of {R} is not the derivative of its rho along generator {i} of {G}."
            )


def _called(G: Group, R: Rep, method: str, argument: Tensor) -> Tensor:
    try:
        found: Tensor = getattr(R, method)(argument).double()
    except Exception as error:
        raise ValueError(f"{method} of {R} fails for an element of {G}: {error}.") from error
    return found
