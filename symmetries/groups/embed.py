"""A group that acts on some of the axes of a larger space."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import comb

import torch
from torch import Tensor

from softsym.symmetries.group import Group, enclosed, require_dim, require_groups
from softsym.symmetries.limits import require_memory
from softsym.symmetries.representations import T
from softsym.symmetries.solver import scattered, tensor_basis

AXIS_NAMES = "xyz"


class Embed(Group):
    """Acts as ``group`` on the chosen axes of R^dim and fixes the others; sampled as ``group``.

    Args:
        group: A group on R^len(axes).
        dim: Dimension of the larger space.
        axes: Which coordinates the group acts on, in its own order.

    Raises:
        ValueError: If the axes are not distinct coordinates of R^dim, one for each of the group's.

    Example:
        >>> from softsym.symmetries import group
        >>> Embed(group("O(2)"), 3, axes=(0, 1))
        O(2)@xy
    """

    algebra_needs_no_check = True  # no more than that of the group, which was checked

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
        """Invariants of the group in some indices, the others at fixed coordinates of their own."""
        size, fixed = self.dim ** (p + q), self.dim - self.group.dim
        inner, rank = {}, 0
        for a, b in product(range(p + 1), range(q + 1)):
            inner[a, b] = tensor_basis(self.group, T(a, b))
            patterns = comb(p, a) * comb(q, b) * fixed ** (p - a + q - b)
            rank += patterns * inner[a, b].shape[1]
            require_memory(size * rank, f"The basis of {T(p, q)} under {self}", "Use lower ranks.")
        blocks = []
        for acted in product((True, False), repeat=p + q):
            basis = inner[sum(acted[:p]), sum(acted[p:])]
            if basis.shape[1]:
                blocks.append((self._positions(acted), basis))
        return scattered(size, blocks)

    def _positions(self, acted: Sequence[bool]) -> Tensor:
        """Numbers whose indices are of the group where it says so, fixed ones elsewhere.

        Returns:
            (choices of the fixed indices, choices of the others).
        """
        axes, fixed = torch.tensor(self.axes), torch.tensor(self._fixed(), dtype=torch.int64)
        found = torch.zeros(1, 1, dtype=torch.int64)
        for is_acted in acted:
            found = found * self.dim
            if is_acted:
                found = (found[:, :, None] + axes).flatten(1)
            else:
                found = (found[:, None, :] + fixed[None, :, None]).flatten(0, 1)
        return found

    def _fixed(self) -> list[int]:
        return [axis for axis in range(self.dim) if axis not in self.axes]

    def _embed(self, matrices: Tensor, dim: int, rest: float) -> Tensor:
        """Matrices on the axes, ``rest`` times the identity on the others."""
        whole = torch.zeros(len(matrices), dim, dim, dtype=torch.float64)
        others = [axis for axis in range(dim) if axis not in self.axes]
        whole[:, others, others] = rest
        rows = torch.tensor(self.axes)
        whole[:, rows[:, None], rows[None, :]] = matrices
        return whole

    def _name(self, dim: int) -> str:
        if dim <= len(AXIS_NAMES):
            axes = "".join(AXIS_NAMES[axis] for axis in self.axes)
            return f"{enclosed(str(self.group))}@{axes}"
        return f"Embed({self.group}, {dim}, {self.axes})"
