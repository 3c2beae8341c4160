"""Checks of what generates a group, and what can be told from it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

MatrixLike = Tensor | Sequence[Sequence[float]] | Sequence[Sequence[Sequence[float]]]

FINITE, NUMBERS = 1024, 2**22
"""Largest group that is listed element by element, and most numbers that the list may hold."""


def require_matrices(values: MatrixLike | None, dim: int, what: str, name: str) -> Tensor:
    """Returns generators as a contiguous (count, d, d) float64 tensor of their own.

    Raises:
        ValueError: If they are no numbers, not d x d, or not finite.
    """
    if values is None or len(values) == 0:
        return torch.zeros(0, dim, dim, dtype=torch.float64)
    try:
        matrices = torch.as_tensor(values, dtype=torch.float64).clone().contiguous()
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} of {name} must be matrices of numbers: {error}.") from None
    if matrices.ndim == 2:
        matrices = matrices[None]
    if matrices.ndim != 3 or matrices.shape[1:] != (dim, dim):
        raise ValueError(
            f"{what} of {name} must be matrices of shape ({dim}, {dim}), stacked to "
            f"(count, {dim}, {dim}); got {tuple(matrices.shape)}."
        )
    if not torch.isfinite(matrices).all():
        raise ValueError(f"{what} of {name} must be finite; got {matrices.tolist()}.")
    return matrices


def require_invertible(matrices: Tensor, name: str) -> None:
    """Checks discrete generators (m, d, d).

    Raises:
        ValueError: If one is singular.
    """
    for i in (torch.linalg.cond(matrices) > 1e12).nonzero() if len(matrices) else ():
        raise ValueError(
            f"A discrete generator must be invertible; number {int(i)} of {name} is singular: "
            f"{matrices[i[0]].tolist()}."
        )


def require_closed(algebra: Tensor, name: str) -> None:
    """Checks that commutators of the algebra (k, d, d) are combinations of its generators.

    Raises:
        ValueError: If one is not.
    """
    flat = algebra.flatten(1)
    if len(flat) < 2:
        return
    _, sizes, rows = torch.linalg.svd(flat, full_matrices=False)
    span = rows[sizes > 1e-10 * sizes[0]]
    # the commutator of two random combinations leaves the span exactly if that of some pair does
    random = torch.Generator().manual_seed(0)
    weights = torch.randn(2, len(flat), generator=random, dtype=torch.float64)
    if not _leaves(span, *torch.einsum("nk,kij->nij", weights, algebra)):
        return
    for i, j in combinations(range(len(algebra)), 2):
        if _leaves(span, algebra[i], algebra[j]):
            raise ValueError(
                f"lie_algebra of {name} is not closed: the commutator of its generators {i} and "
                f"{j} is no combination of them. Add it, or make the group that they generate as "
                "Generated(Group(..., lie_algebra=[A]), Group(..., lie_algebra=[B]))."
            )


def _leaves(span: Tensor, A: Tensor, B: Tensor) -> bool:
    commutator = (A @ B - B @ A).reshape(-1)
    rest = commutator - span.T @ (span @ commutator)
    return float(rest.norm()) > 1e-8 * float(A.norm() * B.norm())


def as_permutations(matrices: Tensor) -> Tensor | None:
    """Where permutation matrices (m, d, d) send each coordinate, (m, d) int64; None of others."""
    ones = matrices == 1.0
    is_permutation = ones.sum(1).eq(1).all() and ones.sum(2).eq(1).all()
    if not len(matrices) or not is_permutation or not (ones | (matrices == 0.0)).all():
        return None
    return ones.long().argmax(1)


def permutation_matrices(permutations: Tensor) -> Tensor:
    """Matrices (m, d, d) that send unit vector i to unit vector g[i], for g (m, d)."""
    columns = torch.nn.functional.one_hot(permutations, permutations.shape[-1])
    return columns.double().transpose(-1, -2)


def finite_group(generators: Tensor) -> Tensor | None:
    """All elements (n, d, d) that matrices (m, d, d) generate, or None if they are too many."""
    most = min(FINITE, NUMBERS // max(generators.shape[-1] ** 2, 1))
    found = torch.eye(generators.shape[-1], dtype=torch.float64)[None]
    while len(generators):
        products = torch.einsum("mij,njk->mnik", generators, found).flatten(0, 1)
        larger = _distinct(torch.cat([found, products]))
        if len(larger) == len(found):
            break
        if len(larger) > most or not torch.isfinite(larger).all():
            return None
        found = larger
    return found


def _distinct(matrices: Tensor) -> Tensor:
    """The first of each set of equal matrices, to six digits."""
    digits = (matrices.flatten(1) * 1e6).round() + 0.0
    _, inverse = torch.unique(digits, dim=0, return_inverse=True)
    first = torch.full((int(inverse.max()) + 1,), len(matrices), dtype=torch.int64)
    first.scatter_reduce_(0, inverse, torch.arange(len(matrices)), "amin")
    return matrices[first.sort().values]
