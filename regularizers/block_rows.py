"""The blocks of one type, and for every group what is left of them beside its equivariant part.

Blocks stand side by side as the columns of B, (width, count); Q_G is a group's basis. Most rows of
a basis hold no number at all, others a single 1: components of a tensor that the group forbids, or
leaves free. The residual (I - Q_G Q_G^T) B is there B itself, or 0. Only the other rows need a
product, and bases are sparse (of O(2)@xy on T6 one number in 87 is not 0), so that one more group
costs a small part of a pass over the weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

ROUNDING = 1e-14
"""Numbers of an orthonormal basis below this are rounding errors of zeros."""

FIELDS = ("index", "forbidden", "rows", "owner", "mixing", "coordinates", "combination", "column")


class BlockRows:
    """Blocks of one type with the bases of all groups.

    Args:
        index: Where their numbers stand among all weights, (width, count).
        bases: Q_G of each group, (width, rank).
    """

    def __init__(self, index: Tensor, bases: Sequence[Tensor]) -> None:
        self.width, self.count = index.shape
        self.index = index.reshape(-1).int()
        bases = [torch.where(Q.abs() < ROUNDING, 0.0, Q).double().cpu() for Q in bases]
        groups = torch.arange(len(bases)).repeat_interleave
        self.column = groups(torch.tensor([Q.shape[1] for Q in bases]))  # whose it is
        kept = torch.stack([Q.square().sum(1) for Q in bases])
        self.forbidden = (kept == 0).double()  # (groups, width)
        mixed = [((k > 0) & (1 - k > ROUNDING)).nonzero()[:, 0] for k in kept]
        self.rows = torch.cat(mixed)
        owner = groups(torch.tensor([len(m) for m in mixed]))
        self.owner = torch.nn.functional.one_hot(owner, len(bases)).T.double()
        self.mixing = _block_diagonal([Q[m] for Q, m in zip(bases, mixed, strict=True)])
        side_by_side = torch.cat(bases, 1)
        self.coordinates, self.combination = _sparse(side_by_side.T), _sparse(side_by_side)

    @property
    def free(self) -> bool:
        """Whether every group leaves every block as it is, so that nothing is penalised."""
        return not len(self.rows) and not self.forbidden.any()

    def to(self, device: torch.device) -> BlockRows:
        """Moves what it holds."""
        for name in FIELDS:
            setattr(self, name, getattr(self, name).to(device))
        return self

    def gathered(self, weights: Tensor) -> Tensor:
        """B, (width, count), from all weights, flat."""
        return weights.index_select(0, self.index).view(self.width, self.count)

    def squares(self, blocks: Tensor) -> Tensor:
        """||(I - Q_G Q_G^T) B||^2 of each group, (groups,), float64.

        Args:
            blocks: B, (width, count).
        """
        B = blocks.double()
        total = self.forbidden @ B.square().sum(1)
        if len(self.rows):
            mixed = B.index_select(0, self.rows)
            rest = torch.addmm(mixed, self.mixing, self.coordinates @ B, alpha=-1.0)
            total += self.owner @ rest.square_().sum(1)
        return total

    def gradient(self, blocks: Tensor, factors: Tensor) -> Tensor:
        """Sum over groups of factor_G (I - Q_G Q_G^T) B, flat as ``index``, float64.

        Args:
            blocks: B, (width, count).
            factors: One number for each group, (groups,), float64.
        """
        B = blocks.double()
        weighted = (self.coordinates @ B).mul_(factors.index_select(0, self.column)[:, None])
        return torch.addmm(factors.sum() * B, self.combination, weighted, alpha=-1.0).view(-1)


def _block_diagonal(blocks: Sequence[Tensor]) -> Tensor:
    sizes = torch.tensor([[0, 0], *(block.shape for block in blocks)]).cumsum(0)
    places = [block.nonzero().T + at[:, None] for block, at in zip(blocks, sizes, strict=False)]
    values = torch.cat([block[block != 0] for block in blocks])
    shape = [int(size) for size in sizes[-1]]
    coordinates = torch.cat(places, 1)
    return _sparse(torch.sparse_coo_tensor(coordinates, values, shape, check_invariants=True))


def _sparse(matrix: Tensor) -> Tensor:
    """In compressed rows, with the index type that sparse products take without a copy."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        made = matrix.to_sparse_csr()
        rows, columns = made.crow_indices().int(), made.col_indices().int()
        values = made.values()
        return torch.sparse_csr_tensor(rows, columns, values, made.shape, check_invariants=True)
