"""The penalties of several groups on the same layers, in one pass over the weights.

For one group G, with P_G the orthogonal projector onto equivariant maps and P'_G onto invariant
outputs (Kim et al. 2023, arXiv 2306.00356, eq. 5):

    PER_G = sum over layers of 1/2 ||W - P_G W||^2 + 1/2 ||b - P'_G b||^2

No projector is built. A weight falls into blocks, one for each pair of an output and an input
tensor, and the basis Q_G of a block depends on its type alone. All blocks of one type, over all
layers and copies, are the columns of one matrix B, so that for every group

    R_G = B - Q_G (Q_G^T B),    PER_G = 1/2 ||R_G||^2,    gradient = R_G.

The gradient is known, so no graph goes through the pass. Everything is float64, one type after the
other: near equivariance the residual is a small difference of large numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from regularizers.block_rows import BlockRows
from regularizers.typed_layers import TypedLayer
from symmetries import Group, Rep, T, TypedBlock, equivariant_blocks


class ProjectionPass:
    """Penalties of all the groups on the layers.

    Args:
        layers: Typed layers whose sizes fit the groups' base space.
        groups: Candidate groups, all on the same R^d.
    """

    def __init__(self, layers: Sequence[TypedLayer], groups: Sequence[Group]) -> None:
        self.groups = len(groups)
        self.parameters: list[Tensor] = []
        rows: dict[Rep, list[Tensor]] = {}
        bases: dict[Rep, list[Tensor]] = {}
        offset = 0
        same_duals = all(group.is_orthogonal for group in groups)
        for layer in layers:
            terms: list[tuple[Tensor | None, Rep]] = [
                (layer.weight, layer.rep_in >> layer.rep_out),
                (layer.bias, layer.rep_out),
            ]
            for parameter, kind in terms:
                if parameter is None:
                    continue
                for blocks in zip(*(equivariant_blocks(G, kind) for G in groups), strict=True):
                    key = _key(blocks[0], same_duals)
                    rows.setdefault(key, []).append(offset + blocks[0].index)
                    bases[key] = [block.basis for block in blocks]
                self.parameters.append(parameter)
                offset += parameter.numel()
        made = (BlockRows(torch.cat(rows[key]).T, bases[key]) for key in rows)
        self.rows = [one for one in made if not one.free]

    def penalties(self) -> Tensor:
        """PER of each group, (groups,), in the dtype and on the device of the weights."""
        device = self.parameters[0].device
        if any(one.index.device != device for one in self.rows):
            self.rows = [one.to(device) for one in self.rows]
        result: Tensor = _Penalties.apply(self, *self.parameters)
        return result


class _Penalties(torch.autograd.Function):
    """Values by residual norms, gradients in closed form."""

    @staticmethod
    def forward(ctx: Any, layers: ProjectionPass, *parameters: Tensor) -> Tensor:
        weights = torch.cat([p.detach().reshape(-1) for p in parameters])
        total = weights.new_zeros(layers.groups, dtype=torch.float64)
        # not save_for_backward, which forgets: the penalties of one pass may be differentiated
        # one by one
        ctx.blocks = [rows.gathered(weights) for rows in layers.rows]
        for rows, blocks in zip(layers.rows, ctx.blocks, strict=True):
            total += rows.squares(blocks)
        ctx.layers, ctx.dtype = layers, weights.dtype
        ctx.shapes = [(p.shape, p.dtype) for p in parameters]
        return 0.5 * total.to(parameters[0].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, factors: Tensor) -> tuple[Tensor | None, ...]:
        size = sum(shape.numel() for shape, _ in ctx.shapes)
        flat = torch.zeros(size, dtype=ctx.dtype, device=factors.device)
        for rows, blocks in zip(ctx.layers.rows, ctx.blocks, strict=True):
            part = rows.gradient(blocks, factors.double())
            flat.index_add_(0, rows.index, part.to(flat.dtype))
        parts = flat.split([shape.numel() for shape, _ in ctx.shapes])
        shaped = zip(parts, ctx.shapes, strict=True)
        return None, *(part.view(shape).to(dtype) for part, (shape, dtype) in shaped)


def _key(block: TypedBlock, same_duals: bool) -> Rep:
    """Blocks whose bases agree for every group: of one rank when no group tells duals apart."""
    tensor = block.tensor
    return T(tensor.rank) if same_duals and isinstance(tensor, T) else tensor
