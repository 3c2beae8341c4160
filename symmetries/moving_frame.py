"""Moving frames: for each vector, the group element that brought it from a normal position.

Vectors of one orbit are compared by where they are on it. For a compact group every position is as
likely as any other under the Haar measure, and no frame is needed. For any other group, the normal
position on the orbit of x is the one that minimises

    Phi(g) = 1/2 |rho(g^-1) x|^2 + m log |det g|

with m the number of copies in the representation. For a group that is closed under transposition
the minimum is unique up to the compact subgroup K of orthogonal elements (Kempf and Ness, 1979);
for scalings it is the vector of a fixed norm, for shifts of points the one whose centroid is the
origin, for GL(n) the whitened one. It exists only where the representation holds enough vectors:
any single vector can be shrunk to nothing by SL(3).
"""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.symmetries.group import Group
from softsym.symmetries.representations import Rep, Sum

STEPS = 60
LONGEST_STEP = 1.0
"""Longest Newton step in the coordinates of the algebra, where 1 multiplies a length by e."""
CONVERGED = 1e-6
"""Largest gradient of Phi at a normal position, relative to the squared norm of the vector."""
FARTHEST = 1e4
"""Largest norm of a frame; farther away, rounding would spoil the moved vectors."""
FAILURES = 0.01
"""Largest share of vectors without a normal position; their orbits are left out."""


class NoFrameError(ValueError):
    """The group has no moving frame on vectors of this type."""


class MovingFrame:
    """The equivariant frame of a non-compact group on vectors of one type.

    Args:
        G: The group.
        R: The type of the vectors.

    Attributes:
        stabilizer: The compact subgroup of orthogonal elements, up to which frames are unique.

    Raises:
        NoFrameError: If the group is a direct product, or its discrete generators are not
            orthogonal.
    """

    def __init__(self, G: Group, R: Rep) -> None:
        if len(G.factors) > 1:
            raise NoFrameError(f"the direct product {G} is not compact")
        one = torch.eye(G.dim, dtype=torch.float64)
        discrete = G.discrete_generators
        if len(discrete) and not torch.allclose(discrete @ discrete.mT, one, atol=1e-9):
            raise NoFrameError(f"{G} has discrete generators that are not orthogonal")
        self.group, self.rep = G, R.over(G)
        skew, self.rest = split_algebra(G.lie_algebra)
        self.stabilizer = Group(G.dim, skew if len(skew) else None, discrete, name=f"K of {G}")
        self.traces = torch.einsum("kii->k", self.rest)
        self.copies = sum(n for n, _ in self.rep.terms) if isinstance(self.rep, Sum) else 1

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Finds the frames of vectors x (n, size).

        Returns:
            The frames p (n, d, d), with rho(p^-1) x in normal position, and whether each was
            found (n,).
        """
        p = torch.eye(self.group.dim, dtype=torch.float64).repeat(len(x), 1, 1)
        back, moved = p.clone(), x
        for _ in range(STEPS):
            step, gradient, size = self._newton(moved)
            if float((gradient / size).max()) < 0.01 * CONVERGED:
                break
            # an orbit without a normal position runs away for ever
            step = torch.where(p.flatten(1).norm(dim=1)[:, None] < FARTHEST, step, 0.0)
            algebra = torch.einsum("nk,kij->nij", step, self.rest)
            p, back = p @ torch.linalg.matrix_exp(algebra), torch.linalg.matrix_exp(-algebra) @ back
            moved = self.rep.act(back, x)
        _, gradient, size = self._newton(moved)
        return p, gradient < CONVERGED * size

    def require_for(self, x: Tensor, seed: int = 0) -> None:
        """Checks that frames exist and are equivariant on a sample of vectors x (n, size).

        Raises:
            NoFrameError: If more than 1% of the vectors have none, or it does not move with the
                vector.
        """
        p, found = self(x)
        if float((~found).double().mean()) > FAILURES:
            zeros = int((~x.any(1)).sum())
            raise NoFrameError(
                f"the orbits of {self.group} have no normal position on vectors of type {self.rep}"
                + (f"; {zeros} of {len(x)} vectors are 0" if zeros else "")
            )
        g = self.group.sample(len(x), torch.Generator().manual_seed(seed))
        moved = self.rep.act(g, x)
        q, also = self(moved)
        normal = self.rep.act(torch.linalg.inv(p), x).norm(dim=1)
        again = self.rep.act(torch.linalg.inv(q), moved).norm(dim=1)
        differs = (normal - again).abs() > 1e-3 * (normal + again)
        if float((differs & found & also).double().mean()) > FAILURES:
            raise NoFrameError(f"the normal position on the orbits of {self.group} is not unique")

    def _newton(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Newton's steps (n, k), the norm of the gradient (n,), and the scale of Phi (n,)."""
        Ax = torch.stack([self.rep.act_derivative(A, x) for A in self.rest], 1)
        AAx = torch.stack([self.rep.act_derivative(A, Ax) for A in self.rest], 1)
        size = x.square().sum(-1) + self.copies
        # d/dt Phi at exp(t A) is -<A x, x> + m tr A
        slope = torch.einsum("nks,ns->nk", Ax, x) - self.copies * self.traces
        curved = torch.einsum("njks,ns->njk", AAx, x)
        hessian = torch.einsum("njs,nks->njk", Ax, Ax) + (curved + curved.mT) / 2
        ridge = 1e-9 * size[:, None, None] * torch.eye(len(self.rest), dtype=x.dtype)
        step = torch.linalg.lstsq(hessian + ridge, slope[..., None]).solution[..., 0]
        length = step.norm(dim=-1, keepdim=True)
        return step * (LONGEST_STEP / length).clamp(max=1.0), slope.norm(dim=-1), size


def split_algebra(algebra: Tensor) -> tuple[Tensor, Tensor]:
    """Splits an algebra (k, d, d) into its skew elements and an orthogonal complement.

    Returns:
        Orthonormal skew elements (a, d, d), and orthonormal others (b, d, d), a + b = rank.
    """
    dim = algebra.shape[-1]
    _, sizes, rows = torch.linalg.svd(algebra.flatten(1), full_matrices=False)
    span = rows[sizes > 1e-10 * sizes.max()] if len(sizes) else rows
    matrices = span.reshape(-1, dim, dim)
    symmetric = (matrices + matrices.mT).flatten(1)
    # combinations whose symmetric part vanishes are skew
    values, mixed = torch.linalg.eigh(symmetric @ symmetric.T)
    elements = (mixed.mT @ span).reshape(-1, dim, dim)
    return elements[values < 1e-12], elements[values >= 1e-12]
