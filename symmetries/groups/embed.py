"""A group that acts on some of the axes of a larger space."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import comb

import torch
from torch import Tensor

from softsym.symmetries.grammar import AXIS_NAMES
from softsym.symmetries.group import Group, enclosed, require_dim, require_groups
from softsym.symmetries.limits import require_memory
from softsym.symmetries.representations import T
from softsym.symmetries.solver import scatter_bases, tensor_basis


class Embed(Group, closed=True):  # commutators are those of the group, which was checked
    """Acts as ``group`` on the chosen axes of R^dim and fixes the others; sampled as ``group``.

    Args:
        group: A group on R^len(axes).
        dim: Dimension of the larger space.
        axes: Coordinates that the group acts on, in its own order.

    Raises:
        ValueError: If the axes are not distinct coordinates of R^dim, one for each of the group's.

    Example:
        >>> from softsym.symmetries import group
        >>> Embed(group("O(2)"), 3, axes=(0, 1))
        O(2)@xy
    """

    def __init__(self, group: Group, dim: int, axes: Sequence[int]) -> None:
        require_dim(dim)
        require_groups("Embed", [group])
        if not isinstance(axes, Sequence) or not all(isinstance(axis, int) for axis in axes):
            raise ValueError(
                f"The axes of {group} must be whole numbers, as in (0, 1); got {axes!r}."
            )
        self.group, self.axes = group, tuple(axes)
        if len(set(self.axes)) != group.dim or len(self.axes) != group.dim:
            raise ValueError(
                f"{group} acts on R^{group.dim}, so it needs {group.dim} different axes; got "
                f"{self.axes}."
            )
        if not all(0 <= axis < dim for axis in self.axes):
            raise ValueError(f"The axes {self.axes} of {group} must be among 0 to {dim - 1}.")
        self.fixed_axes = [axis for axis in range(dim) if axis not in self.axes]
        super().__init__(
            dim,
            self._embed(group.lie_algebra, dim, 0.0),
            self._embed(group.discrete_generators, dim, 1.0),
            self._name(dim),
        )

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n elements of the embedded group, (n, dim, dim)."""
        return self._embed(self.group.sample(n, generator), self.dim, 1.0)

    def closed_form(self, p: int, q: int) -> Tensor:
        """Invariants of the group in some indices, times fixed coordinates in the others."""
        size, bases, rank = self.dim ** (p + q), {}, 0
        # the size is known before any large basis is built: binomials count the choices of indices
        for a, b in product(range(p + 1), range(q + 1)):
            bases[a, b] = tensor_basis(self.group, T(a, b))
            patterns = comb(p, a) * comb(q, b) * len(self.fixed_axes) ** (p - a + q - b)
            rank += patterns * bases[a, b].shape[1]
            require_memory(size * rank, f"The basis of {T(p, q)} under {self}", "Use lower ranks.")
        blocks = []
        for acted in product((True, False), repeat=p + q):
            basis = bases[sum(acted[:p]), sum(acted[p:])]
            if basis.shape[1]:
                blocks.append((self._positions(acted), basis))
        return scatter_bases(size, blocks)

    def _positions(self, acted: Sequence[bool]) -> Tensor:
        """Positions of the numbers (choices of the fixed indices, choices of the acted ones)."""
        axes, fixed = (torch.tensor(a, dtype=torch.int64) for a in (self.axes, self.fixed_axes))
        positions = torch.zeros(1, 1, dtype=torch.int64)
        for is_acted in acted:
            positions = positions * self.dim
            if is_acted:
                positions = (positions[:, :, None] + axes).flatten(1)
            else:
                positions = (positions[:, None, :] + fixed[None, :, None]).flatten(0, 1)
        return positions

    def _embed(self, matrices: Tensor, dim: int, rest: float) -> Tensor:
        """Matrices on the axes, ``rest`` times the identity on the others."""
        whole = torch.zeros(len(matrices), dim, dim, dtype=torch.float64)
        whole[:, self.fixed_axes, self.fixed_axes] = rest
        rows = torch.tensor(self.axes)
        whole[:, rows[:, None], rows[None, :]] = matrices
        return whole

    def _name(self, dim: int) -> str:
        if dim <= len(AXIS_NAMES):
            axes = "".join(AXIS_NAMES[axis] for axis in self.axes)
            return f"{enclosed(str(self.group))}@{axes}"
        return f"Embed({self.group}, {dim}, {self.axes})"
