"""Residuals of blocks of weights: what the projection of each group leaves over.

Blocks are the columns of a matrix B; Q_G is the basis of a group. Many rows of a basis are 0 and
others have norm 1: components of a tensor that the group forbids, or leaves free. There the
residual (I - Q_G Q_G^T) B is B itself, or 0. Only the other rows, those that a group mixes, need a
product, and the first two do not enter it. Bases are also sparse (for O(2)@xy on T6 one number in
87 is not 0), so that one more group costs a small part of a pass over the weights.

In a small network, launching a product takes longer than the product. So B may hold blocks of
several types, stacked; Q_G is then block-diagonal.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

ROUNDING = 1e-14
"""Entries of an orthonormal basis below this are zeros with rounding errors of float64."""

FIELDS = ("rows", "owner", "penalised", "mixing", "coordinates", "combination", "column")


class Residuals:
    """Bases of all groups, made ready for products with B.

    Args:
        types: The types of the blocks in B from top to bottom: for each, the basis Q_G of every
            group, (width, rank), and the number of stacked blocks.
    """

    def __init__(self, types: Sequence[tuple[Sequence[Tensor], int]]) -> None:
        kinds = [(_TypeBases(bases), copies) for bases, copies in types]
        heights = [kind.width * copies for kind, copies in kinds]
        self.height = sum(heights)
        starts = [0, *np.cumsum(heights[:-1]).tolist()]
        self.rows = torch.cat(
            [kind.mixed_rows(n) + start for (kind, n), start in zip(kinds, starts, strict=True)]
        )
        forbidden, of_mixed, self.penalised, self.column = (
            torch.cat([getattr(kind, name).repeat(1, copies) for kind, copies in kinds], 1)
            for name in ("forbidden", "owner", "penalised", "column")
        )
        self.owner = torch.cat([forbidden, of_mixed], 1)
        self.mixing = _block_diagonal([(kind.mixing, n) for kind, n in kinds])
        self.combination = _block_diagonal([(kind.combination, n) for kind, n in kinds])
        self.coordinates = _block_diagonal([(kind.combination.T, n) for kind, n in kinds])

    def to(self, device: torch.device) -> Residuals:
        """Moves all tables to a device."""
        for name in FIELDS:
            setattr(self, name, getattr(self, name).to(device))
        return self

    @property
    def bytes(self) -> int:
        """Memory of all tables."""
        return sum(_bytes(getattr(self, name)) for name in FIELDS)

    def squares(self, blocks: Tensor) -> Tensor:
        """Computes the parts of ||(I - Q_G Q_G^T) B||^2, float64; sums by ``owner`` are the norms.

        First comes the squared norm of each row of B, then that of each row that a group mixes,
        without the group's part. ``owner``, (groups, parts), says with 0 and 1 which part counts
        for which group.

        Args:
            blocks: B, (height, count).
        """
        B = blocks.double()
        whole = _squared_norms(B)
        if not len(self.rows):
            return whole
        # the norm of the residual, not ||B||^2 - ||Q^T B||^2: near equivariance that difference
        # loses all digits
        rest = B.index_select(0, self.rows).addmm_(self.mixing, self.coordinates @ B, alpha=-1.0)
        return torch.cat([whole, _squared_norms(rest)])

    def gradient(self, blocks: Tensor, factors: Tensor) -> Tensor:
        """Computes the sum over groups of factor_G (I - Q_G Q_G^T) B, (height, count), float64.

        Args:
            blocks: B, (height, count).
            factors: One number for each group, (groups,), float64.
        """
        B = blocks.double()
        total = B * (factors @ self.penalised)[:, None]
        if not len(self.rows):
            return total
        # the columns of all groups side by side: weighting each column by its group's factor
        # makes one product of the sum over groups
        weighted = (self.coordinates @ B).mul_((factors @ self.column)[:, None])
        return total.addmm_(self.combination, weighted, alpha=-1.0)


def _bytes(tensor: Tensor) -> int:
    if tensor.layout == torch.sparse_csr:
        parts = (tensor.crow_indices(), tensor.col_indices(), tensor.values())
        return sum(part.nbytes for part in parts)
    return tensor.nbytes


def _squared_norms(rows: Tensor) -> Tensor:
    return torch.linalg.vector_norm(rows, dim=1).square()  # reads once and writes nothing


class _TypeBases:
    """The bases of one type, (width, rank) for each group, split by what the group does to a row.

    The squared norm of row i is entry (i, i) of the projector. At 0 the group forbids component i,
    at 1 it leaves it free. Either way the projector does not connect it to any other component, so
    that products need the rows in between alone.

    Attributes:
        forbidden: Rows that a group forbids, (groups, width) of 0 and 1.
        penalised: Rows that a group forbids or mixes, (groups, width) of 0 and 1.
        rows: Rows that a group mixes, those of the first group first.
        owner: The group of each mixed row, (groups, mixed rows) of 0 and 1.
        combination: The mixed rows of all bases side by side, sparse (width, columns).
        column: The group of each column, (groups, columns) of 0 and 1.
        mixing: For each mixed row its group's columns alone, sparse (mixed rows, columns).
    """

    def __init__(self, bases: Sequence[Tensor]) -> None:
        self.width = len(bases[0])
        sparse_bases = [_without_rounding(Q) for Q in bases]
        kept = np.stack([Q.power(2).sum(1) for Q in sparse_bases])
        mixed = (kept > 0) & (1 - kept > ROUNDING)
        self.forbidden = torch.from_numpy(kept == 0).double()
        self.penalised = self.forbidden + torch.from_numpy(mixed)
        self.rows = torch.from_numpy(mixed).nonzero()[:, 1]
        groups = torch.eye(len(bases), dtype=torch.float64)
        self.owner = groups.repeat_interleave(torch.from_numpy(mixed.sum(1)), 1)
        only = [sparse.csr_array(sparse.diags(m.astype(float))) for m in mixed]
        parts = [chosen @ Q for chosen, Q in zip(only, sparse_bases, strict=True)]
        parts = [Q[:, np.unique(Q.indices)] for Q in parts]
        self.column = groups.repeat_interleave(torch.tensor([Q.shape[1] for Q in parts]), 1)
        self.combination = sparse.hstack(parts)
        self.mixing = sparse.block_diag([Q[m] for m, Q in zip(mixed, parts, strict=True)])

    def mixed_rows(self, copies: int) -> Tensor:
        """Returns ``rows`` of several stacked blocks."""
        return (self.width * torch.arange(copies)[:, None] + self.rows).view(-1)


def _without_rounding(basis: Tensor) -> sparse.csr_array:
    exact = sparse.csr_array(basis.double().cpu().numpy())
    exact.data[np.abs(exact.data) < ROUNDING] = 0.0
    exact.eliminate_zeros()
    return exact


def _block_diagonal(blocks: Sequence[tuple[sparse.sparray, int]]) -> Tensor:
    """Puts each matrix, repeated the given number of times, on the diagonal of a CSR tensor."""
    whole = sparse.block_diag([sparse.kron(sparse.eye(n), block) for block, n in blocks]).tocsr()
    # int32: products with MKL convert other indices in every call
    rows, columns = (torch.from_numpy(p.astype(np.int32)) for p in (whole.indptr, whole.indices))
    values = torch.from_numpy(whole.data.astype(np.float64))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(rows, columns, values, whole.shape, check_invariants=True)
