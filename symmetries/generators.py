"""Checks the generators of a group, and lists the elements of a finite one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from softsym.symmetries.units import balancing_units, rescale

Rows = Sequence[Sequence[float]]
MatrixLike = Tensor | Rows | Sequence[Tensor] | Sequence[Rows]

FINITE, NUMBERS = 1024, 2**22
"""Largest group that is listed element by element, and most numbers that the list may hold."""

MARKS, SAME = 4, 1e-6
"""Elements are compared by a few random combinations of their entries, equal within 1e-6."""

LARGEST = 1e6
"""Size of an entry above which powers are assumed to grow without end."""


def require_matrices(values: MatrixLike | None, dim: int, what: str, name: str) -> Tensor:
    """Returns generators as a contiguous copy (count, d, d) in float64.

    Raises:
        ValueError: If they are not numbers, not d x d, or not finite.
    """
    try:
        if values is None or len(values) == 0:
            return torch.zeros(0, dim, dim, dtype=torch.float64)
        if not isinstance(values, Tensor):
            # torch would read Python's numbers in single precision, in which 0.1 is no 0.1
            values = torch.stack([torch.as_tensor(v, dtype=_precision(v)) for v in values])
        if values.is_complex():
            raise TypeError("complex matrices act in real form, X + iY as [[X, -Y], [Y, X]]")
        matrices = values.detach().to(torch.float64, copy=True).contiguous()
    except (TypeError, ValueError, RuntimeError) as error:
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


def _precision(values: object) -> torch.dtype | None:
    return torch.float64 if isinstance(values, list | tuple) else None


def require_invertible(matrices: Tensor, name: str) -> None:
    """Checks discrete generators (m, d, d).

    Raises:
        ValueError: If one is singular.
    """
    if not len(matrices) or (torch.linalg.cond(matrices) <= 1e12).all():
        return
    # in other units [[0, 1e-9], [1e9, 0]] is far from singular
    balanced = rescale(matrices, balancing_units(matrices[:0], matrices))
    # written as "not small", since the condition number of a zero matrix is NaN
    for i in (~(torch.linalg.cond(balanced) <= 1e12)).nonzero():
        raise ValueError(
            f"A discrete generator must be invertible; number {int(i)} of {name} is singular: "
            f"{matrices[i[0]].tolist()}."
        )


def require_closed(algebra: Tensor, name: str) -> None:
    """Checks that commutators of the algebra (k, d, d) are combinations of its generators.

    Raises:
        ValueError: If one is not.
    """
    if len(algebra) < 2:
        return
    algebra = rescale(algebra, balancing_units(algebra, algebra[:0]))
    algebra = algebra / algebra.abs().amax((1, 2), keepdim=True).clamp_min(1e-300)
    flat = algebra.flatten(1)
    _, sizes, rows = torch.linalg.svd(flat, full_matrices=False)
    span = rows[sizes > 1e-10 * sizes[0]]
    # the commutator of two random combinations leaves the span exactly if that of some pair does
    random = torch.Generator().manual_seed(0)
    weights = torch.randn(2, len(flat), generator=random, dtype=torch.float64)
    if not _commutator_leaves(span, *torch.einsum("nk,kij->nij", weights, algebra)):
        return
    for i, j in combinations(range(len(algebra)), 2):
        if _commutator_leaves(span, algebra[i], algebra[j]):
            raise ValueError(
                f"lie_algebra of {name} is not closed: the commutator of its generators {i} and "
                f"{j} is no combination of them. Add it, or make the group that they generate as "
                "Generated(Group(..., lie_algebra=[A]), Group(..., lie_algebra=[B]))."
            )


def _commutator_leaves(span: Tensor, A: Tensor, B: Tensor) -> bool:
    commutator = (A @ B - B @ A).reshape(-1)
    rest = commutator - span.T @ (span @ commutator)
    return float(rest.norm()) > 1e-8 * float(A.norm() * B.norm())


def as_permutations(matrices: Tensor) -> Tensor | None:
    """Targets (m, d) int64 of each coordinate under permutation matrices; None for any others."""
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
    dim = generators.shape[-1]
    # a real matrix of finite order has determinant 1 or -1
    if not torch.allclose(torch.linalg.det(generators).abs(), torch.ones(1).double()):
        return None
    most = min(FINITE, NUMBERS // max(dim**2, 1))
    elements = frontier = torch.eye(dim, dtype=torch.float64)[None]
    random = torch.Generator().manual_seed(0)
    marks = torch.randn(dim**2, MARKS, generator=random, dtype=torch.float64)
    while len(frontier):
        reached = []
        for h in generators:
            # distinct among themselves, since h is invertible
            products = h @ frontier
            if float(products.abs().amax()) > LARGEST:
                return None
            # cdist by matrix products loses half of the digits to cancellation
            distances = torch.cdist(
                products.flatten(1) @ marks,
                elements.flatten(1) @ marks,
                compute_mode="donot_use_mm_for_euclid_dist",
            )
            new = products[distances.amin(1) > SAME]
            elements = torch.cat([elements, new])
            if len(elements) > most:
                return None
            reached.append(new)
        frontier = torch.cat(reached) if reached else elements[:0]
    return elements
