"""What the projections of all groups leave of blocks of weights.

Blocks stand as columns in a matrix B; Q_G is the basis of a group. Many rows of a basis are 0,
others have norm 1: components of a tensor that the group forbids, or leaves free. The residual
(I - Q_G Q_G^T) B is there B itself, or 0. Only the other rows, those that a group mixes, need a
product, which the first two have no part in. And bases are sparse (of O(2)@xy on T6 one number in
87 is not 0), so that one more group costs a small part of a pass over the weights.

In a small network calling a product takes longer than the product. So B may hold blocks of several
types, one below the other, and Q_G is then block-diagonal.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

ROUNDING = 1e-14
"""Numbers of an orthonormal basis below this are rounding errors of zeros."""

FIELDS = ("rows", "owner", "penalised", "mixing", "coordinates", "combination", "column")


class Residuals:
    """Bases of all groups, made ready for products with B.

    Args:
        types: The types of the blocks in B from top to bottom: of each the basis Q_G of every
            group, (width, rank), and how many blocks stand one below the other.
    """

    def __init__(self, types: Sequence[tuple[Sequence[Tensor], int]]) -> None:
        kinds = [(_Kind(bases), copies) for bases, copies in types]
        heights = [kind.width * copies for kind, copies in kinds]
        self.height = sum(heights)
        rows = [kind.rows_of(copies) for kind, copies in kinds]
        self.rows = torch.cat([r + h for r, h in zip(rows, _starts(heights), strict=True)])
        forbidden, of_mixed, self.penalised, self.column = (
            torch.cat([getattr(kind, name).repeat(1, copies) for kind, copies in kinds], 1)
            for name in ("forbidden", "owner", "penalised", "column")
        )
        self.owner = torch.cat([forbidden, of_mixed], 1)
        self.mixing = _repeated([(kind.mixing, copies) for kind, copies in kinds])
        self.combination = _repeated([(kind.combination, copies) for kind, copies in kinds])
        self.coordinates = _repeated([(kind.combination.T, copies) for kind, copies in kinds])

    def to(self, device: torch.device) -> Residuals:
        """Moves what it holds."""
        for name in FIELDS:
            setattr(self, name, getattr(self, name).to(device))
        return self

    @property
    def bytes(self) -> int:
        """Memory of all that it holds."""
        return sum(_bytes(getattr(self, name)) for name in FIELDS)

    def squares(self, blocks: Tensor) -> Tensor:
        """Parts of ||(I - Q_G Q_G^T) B||^2, float64; their sums by ``owner`` are the norms.

        First the squared norm of each row of B, then of each row that a group mixes, without the
        group's part. ``owner``, (groups, parts), says with 0 and 1 what counts for which group.

        Args:
            blocks: B, (height, count).
        """
        B = blocks.double()
        whole = _squared_norms(B)
        if not len(self.rows):
            return whole
        rest = B.index_select(0, self.rows).addmm_(self.mixing, self.coordinates @ B, alpha=-1.0)
        return torch.cat([whole, _squared_norms(rest)])

    def gradient(self, blocks: Tensor, factors: Tensor) -> Tensor:
        """Sum over groups of factor_G (I - Q_G Q_G^T) B, (height, count), float64.

        Args:
            blocks: B, (height, count).
            factors: One number for each group, (groups,), float64.
        """
        B = blocks.double()
        total = B * (factors @ self.penalised)[:, None]
        if not len(self.rows):
            return total
        weighted = (self.coordinates @ B).mul_((factors @ self.column)[:, None])
        return total.addmm_(self.combination, weighted, alpha=-1.0)


def _bytes(tensor: Tensor) -> int:
    if tensor.layout == torch.sparse_csr:
        parts = (tensor.crow_indices(), tensor.col_indices(), tensor.values())
        return sum(part.nbytes for part in parts)
    return tensor.nbytes


def _squared_norms(rows: Tensor) -> Tensor:
    return torch.linalg.vector_norm(rows, dim=1).square()  # reads once and writes nothing


class _Kind:
    """The bases of one type, (width, rank) for each group: which rows are forbidden, which mixed.

    Attributes:
        forbidden: Rows that a group forbids, (groups, width) of 0 and 1.
        penalised: Rows that a group forbids or mixes.
        rows: Rows that a group mixes, those of the first group first.
        owner: Whose they are, (groups, mixed rows).
        combination: The mixed rows of all bases side by side, sparse (width, columns).
        column: Whose the columns are, (groups, columns).
        mixing: Of each mixed row its group's columns alone, sparse (mixed rows, columns).
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

    def rows_of(self, copies: int) -> Tensor:
        """``rows`` of so many blocks that stand one below the other."""
        return (self.width * torch.arange(copies)[:, None] + self.rows).view(-1)


def _without_rounding(basis: Tensor) -> sparse.csr_array:
    found = sparse.csr_array(basis.double().cpu().numpy())
    found.data[np.abs(found.data) < ROUNDING] = 0.0
    found.eliminate_zeros()
    return found


def _starts(sizes: Sequence[int]) -> list[int]:
    return [0, *np.cumsum(sizes[:-1]).tolist()]


def _repeated(blocks: Sequence[tuple[sparse.sparray, int]]) -> Tensor:
    """Block-diagonal with each matrix so many times, in the index type that products take as is."""
    made = sparse.block_diag([sparse.kron(sparse.eye(n), block) for block, n in blocks])
    made = made.tocsr()
    rows, columns = (torch.from_numpy(p.astype(np.int32)) for p in (made.indptr, made.indices))
    values = torch.from_numpy(made.data.astype(np.float64))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(rows, columns, values, made.shape, check_invariants=True)
