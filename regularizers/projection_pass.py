"""The penalties of several groups on the same layers, in one pass over the weights.

For one group G, with P_G the orthogonal projector onto equivariant maps and P'_G onto invariant
outputs (Kim et al. 2023, arXiv 2306.00356, eq. 5):

    PER_G = sum over layers of 1/2 ||W - P_G W||^2 + 1/2 ||b - P'_G b||^2

No projector is built. A weight falls into blocks, one for each pair of an output and an input
tensor, and the basis Q_G of a block depends on its type alone. All blocks of one type, over all
layers and copies, are the rows of one matrix B, so that for every group

    R_G = B - (B Q_G) Q_G^T,    PER_G = 1/2 ||R_G||^2,    gradient = R_G.

The bases of all groups stand side by side, so that one product gives the coordinates B Q_G of all
of them, and one more the sum of all gradients. The gradient is known, so no graph goes through the
pass. Everything is float64: near equivariance the residual is a small difference of large numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regularizers.typed_layers import TypedLayer
from symmetries import Group, Rep, T, TypedBlock, equivariant_blocks


@dataclass
class _Rows:
    """All blocks of one type: where they end in the gathered weights, and the groups' bases."""

    count: int
    width: int
    ranks: list[int]
    """Rank of each group's basis Q_G."""
    bases: Tensor
    """[Q_G1 | Q_G2 | ...], (width, sum of ranks)."""

    @property
    def all_kept(self) -> bool:
        """Whether every map of this type is equivariant under every group."""
        return all(rank == self.width for rank in self.ranks)


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
        self.rows: list[_Rows] = []
        gathered: list[Tensor] = []
        kept: list[Tensor] = []
        for key, parts in rows.items():
            index = torch.cat(parts)
            ranks = [basis.shape[1] for basis in bases[key]]
            one = _Rows(index.shape[0], index.shape[1], ranks, torch.cat(bases[key], 1))
            (kept if one.all_kept else gathered).append(index.reshape(-1))
            if not one.all_kept:
                self.rows.append(one)
        self.kept = sum(len(index) for index in kept)
        self.gather = torch.cat(gathered + kept)
        self.scatter = torch.argsort(self.gather)

    def penalties(self) -> Tensor:
        """PER of each group, (groups,), in the dtype and on the device of the weights."""
        self._move(self.parameters[0].device)
        result: Tensor = _Penalties.apply(self, *self.parameters)
        return result

    def _move(self, device: torch.device) -> None:
        if self.gather.device != device:
            self.gather, self.scatter = self.gather.to(device), self.scatter.to(device)
            for rows in self.rows:
                rows.bases = rows.bases.to(device)

    def split(self, gathered: Tensor) -> list[Tensor]:
        """The matrices B, (count, width) each, as views of the gathered weights."""
        sizes = [rows.count * rows.width for rows in self.rows]
        parts = gathered.split([*sizes, self.kept])
        return [p.view(rows.count, rows.width) for p, rows in zip(parts, self.rows, strict=False)]


class _Penalties(torch.autograd.Function):
    """Values by residual norms, gradients in closed form."""

    @staticmethod
    def forward(ctx: Any, layers: ProjectionPass, *parameters: Tensor) -> Tensor:
        gathered = _flat(parameters).index_select(0, layers.gather).double()
        total, coordinates = gathered.new_zeros(layers.groups), []
        for rows, B in zip(layers.rows, layers.split(gathered), strict=True):
            Z = B @ rows.bases
            coordinates.append(Z)
            pairs = zip(Z.split(rows.ranks, 1), rows.bases.split(rows.ranks, 1), strict=True)
            total += torch.stack([_square(torch.addmm(B, z, Q.T, alpha=-1.0)) for z, Q in pairs])
        ctx.layers = layers
        ctx.shapes = [(p.shape, p.dtype) for p in parameters]
        # not save_for_backward, which forgets: the penalties of one pass may be differentiated
        # one by one
        ctx.gathered, ctx.coordinates = gathered, coordinates
        return 0.5 * total.to(parameters[0].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, weights: Tensor) -> tuple[Tensor | None, ...]:
        layers: ProjectionPass = ctx.layers
        weights = weights.double()
        gradients = []
        for rows, B, Z in zip(
            layers.rows, layers.split(ctx.gathered), ctx.coordinates, strict=True
        ):
            by_group = zip(Z.split(rows.ranks, 1), weights.unbind(), strict=True)
            weighted = torch.cat([z * weight for z, weight in by_group], 1)
            gradient = (weights.sum() * B).addmm_(weighted, rows.bases.T, alpha=-1.0)
            gradients.append(gradient.reshape(-1))
        gradients.append(ctx.gathered.new_zeros(layers.kept))
        flat = torch.cat(gradients).index_select(0, layers.scatter)
        parts = flat.split([shape.numel() for shape, _ in ctx.shapes])
        shaped = zip(parts, ctx.shapes, strict=True)
        return None, *(part.view(shape).to(dtype) for part, (shape, dtype) in shaped)


def _flat(parameters: Sequence[Tensor]) -> Tensor:
    return torch.cat([p.detach().reshape(-1) for p in parameters])


def _square(residual: Tensor) -> Tensor:
    flat = residual.reshape(-1)
    return torch.dot(flat, flat)


def _key(block: TypedBlock, same_duals: bool) -> Rep:
    """Blocks whose bases agree for every group: of one rank when no group tells duals apart."""
    tensor = block.tensor
    return T(tensor.rank) if same_duals and isinstance(tensor, T) else tensor
