"""The penalties of several groups on the same layers, in one pass over the weights.

For one group G, with P_G the orthogonal projector onto equivariant maps and P'_G onto invariant
outputs (Kim et al. 2023, arXiv 2306.00356, eq. 5):

    PER_G = sum over layers of 1/2 ||W - P_G W||^2 + 1/2 ||b - P'_G b||^2

No projector is built. The basis Q_G of a block of a weight depends on the block's type alone. With
the blocks as columns of matrices B (:mod:`regularizers.block_layout`), for every group

    R_G = B - Q_G (Q_G^T B),    PER_G = 1/2 ||R_G||^2,    gradient = R_G.

The gradient is known, so no graph goes through the pass. Products are float64, one B after the
other: near equivariance the residual is a small difference of large numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from regularizers.block_layout import BlockLayout
from regularizers.typed_layers import TypedLayer
from symmetries import Group


class ProjectionPass:
    """Penalties of all the groups on the layers.

    Args:
        layers: Typed layers whose sizes fit the groups' base space.
        groups: Candidate groups, all on the same R^d.
    """

    def __init__(self, layers: Sequence[TypedLayer], groups: Sequence[Group]) -> None:
        self.layers, self.groups = layers, groups
        self.parameters: list[Tensor] = [p for layer in layers for p, _ in layer.terms]
        self._layout = BlockLayout(layers, groups, self.parameters[0].device)

    def penalties(self) -> Tensor:
        """PER of each group, (groups,), in the dtype and on the device of the weights."""
        device = self.parameters[0].device
        if self._layout.index.device != device:
            self._layout = BlockLayout(self.layers, self.groups, device)
        result: Tensor = _Penalties.apply(self._layout, *self.parameters)
        return result


class _Penalties(torch.autograd.Function):
    """Values by residual norms, gradients in closed form."""

    @staticmethod
    def forward(ctx: Any, layout: BlockLayout, *parameters: Tensor) -> Tensor:
        flat = [p.detach().reshape(-1) for p in parameters]
        weights = torch.cat([*flat, flat[0].new_zeros(1)])
        # not save_for_backward, which forgets: the penalties of one pass may be differentiated
        # one by one
        ctx.blocks = weights.index_select(0, layout.index)
        ctx.layout, ctx.shapes = layout, [(p.shape, p.dtype) for p in parameters]
        pairs = zip(layout.residuals, layout.matrices(ctx.blocks), strict=True)
        parts = [residuals.squares(B) for residuals, B in pairs]
        total = layout.owner @ torch.cat([layout.owner.new_zeros(0), *parts])
        return 0.5 * total.to(parameters[0].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, factors: Tensor) -> tuple[Tensor | None, ...]:
        layout, factors = ctx.layout, factors.double()
        gradient = torch.empty_like(ctx.blocks)
        matrices = layout.matrices(ctx.blocks), layout.matrices(gradient)
        for residuals, B, part in zip(layout.residuals, *matrices, strict=True):
            part.copy_(residuals.gradient(B, factors))
        sizes = [shape.numel() for shape, _ in ctx.shapes]
        flat = gradient.new_zeros(sum(sizes) + 1).index_add_(0, layout.index, gradient)
        parts = zip(flat[:-1].split(sizes), ctx.shapes, strict=True)
        return None, *(part.view(shape).to(dtype) for part, (shape, dtype) in parts)
