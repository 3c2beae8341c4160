"""The orthogonal projection onto what a group leaves unchanged, as an operator without a matrix."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from softsym.symmetries.basis import equivariant_blocks
from softsym.symmetries.group import Group
from softsym.symmetries.parsing import group as parse_group
from softsym.symmetries.parsing import rep as parse_rep
from softsym.symmetries.representations import Rep


class Projector:
    """v -> P_G v for vectors of one type, differentiable, on any device.

    No matrix of the size of R >> R is built: the copies of each kind of tensor are multiplied by
    the basis Q of that kind, as Q (Q^T v). Computed in float64, returned in the dtype of v.

    Args:
        G: A group on R^d.
        R: Type of the vectors; for maps ``rep_in >> rep_out``, whose vectors are W.reshape(-1).

    Raises:
        ValueError: If R is no representation of G, or a solution fails its check.
        TooLargeError: If a basis is too large.

    Example:
        >>> onto = Projector("O(3)", "T1 >> T1")
        >>> onto(torch.tensor([3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])).view(3, 3).diag()
        tensor([1., 1., 1.])
    """

    def __init__(self, G: str | Group, R: str | Rep) -> None:
        self.group = parse_group(G)
        self.rep = parse_rep(R).over(self.group)
        self.size = self.rep.size(self.group.space)
        blocks = equivariant_blocks(self.group, self.rep)
        none = torch.zeros(0, dtype=torch.int64)  # a type without numbers has no blocks
        self._order = torch.cat([none, *(block.index.reshape(-1) for block in blocks)])
        self._back = torch.argsort(self._order)
        self._parts = [(tuple(block.index.shape), block.basis) for block in blocks]

    def __call__(self, v: Tensor) -> Tensor:
        """Projects vectors (..., size R) of any floating dtype; keeps dtype and device.

        Raises:
            ValueError: If the last axis has another size.
        """
        if v.shape[-1] != self.size:
            raise ValueError(
                f"{self.rep} has {self.size} numbers over R^{self.group.dim}; got {v.shape[-1]}."
            )
        projected: Tensor = _Projection.apply(v, self)
        return projected

    def blockwise(self, v: Tensor) -> Tensor:
        """Projects outside of autograd, one kind of tensor at a time."""
        self._move(v.device)
        sizes = [copies * width for (copies, width), _ in self._parts]
        pieces = v.index_select(-1, self._order).double().split(sizes, -1)
        projected = [
            ((piece.unflatten(-1, shape) @ Q) @ Q.T).flatten(-2)
            for piece, (shape, Q) in zip(pieces, self._parts, strict=True)
        ]
        # the empty slice keeps the leading axes where there are no blocks
        whole = torch.cat([v[..., :0].double(), *projected], -1)
        return whole.index_select(-1, self._back).to(v.dtype)

    def _move(self, device: torch.device) -> None:
        if self._order.device != device:
            self._order, self._back = self._order.to(device), self._back.to(device)
            self._parts = [(shape, basis.to(device)) for shape, basis in self._parts]


class _Projection(torch.autograd.Function):
    """P is linear and symmetric, so it is its own derivative and its own gradient."""

    generate_vmap_rule = True

    @staticmethod
    def forward(v: Tensor, projector: Projector) -> Tensor:
        return projector.blockwise(v)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Projector], output: Tensor) -> None:
        ctx.projector = inputs[1]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.projector(gradient), None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        projected: Tensor = ctx.projector(tangent)
        return projected


def project(G: str | Group, R: str | Rep, v: Tensor) -> Tensor:
    """Projects vectors v (..., size R) onto the equivariant ones, once (:class:`Projector`).

    Raises:
        ValueError: If the last axis of v has another size, R is no representation of G, or a
            solution fails its check.
        TooLargeError: If a basis is too large.
    """
    return Projector(G, R)(v)
