"""A group that acts on some of the axes of a larger space."""

from collections.abc import Sequence

import torch
from torch import Tensor

from symmetries.group import Group

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
        >>> from symmetries import group
        >>> Embed(group("O(2)"), 3, axes=(0, 1))
        O(2)@xy
    """

    def __init__(self, group: Group, dim: int, axes: Sequence[int]) -> None:
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
            # of G*H each factor is embedded, as the name would be read
            return "*".join(f"{factor}@{axes}" for factor in str(self.group).split("*"))
        return f"Embed({self.group}, {dim}, {self.axes})"
