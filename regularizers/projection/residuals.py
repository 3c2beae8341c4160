"""Residuals of blocks of weights: what the projection of each group leaves over.

Blocks are the columns of a matrix B; Q_G is the basis of a group. Many rows of a basis are 0 and
others have norm 1: components of a tensor that the group forbids, or leaves free. There the
residual (I - Q_G Q_G^T) B is B itself, or 0. Only the other rows, those that a group mixes, need a
product. Bases are also sparse (for O(2)@xy on T6 one number in
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


class Residuals:
    """Bases of all groups, made ready for products with B.

    The squared norm of row i of Q_G is entry (i, i) of the projector. At 0 the group forbids
    component i, at 1 it leaves it free. Either way the projector connects it to no other component,
    so that products need only the rows in between, which the group mixes.

    Args:
        types: The types of the blocks in B from top to bottom: for each, the basis Q_G of every
            group, (width, rank), and the number of stacked blocks.

    Attributes:
        height: Number of rows of B.
        rows: Rows that a group mixes, those of the first group first.
        owner: Which part of ``squares`` counts for which group, (groups, parts) of 0 and 1.
    """

    def __init__(self, types: Sequence[tuple[Sequence[Tensor], int]]) -> None:
        bases = [
            sparse.csr_array(sparse.block_diag([_repeated(Q, n) for Q, n in of_group]))
            for of_group in zip(*([(Q, n) for Q in bases] for bases, n in types), strict=True)
        ]
        self.height = bases[0].shape[0]
        kept = np.stack([Q.power(2).sum(1) for Q in bases])
        mixed = (kept > 0) & (1 - kept > ROUNDING)
        forbidden = torch.from_numpy(kept == 0).double()
        self._penalised = forbidden + torch.from_numpy(mixed)
        self.rows = torch.from_numpy(mixed).nonzero()[:, 1]
        groups = torch.eye(len(bases), dtype=torch.float64)
        of_mixed = groups.repeat_interleave(torch.from_numpy(mixed.sum(1)), 1)
        self.owner = torch.cat([forbidden, of_mixed], 1)
        only = [sparse.csr_array(sparse.diags(m.astype(float))) for m in mixed]
        parts = [chosen @ Q for chosen, Q in zip(only, bases, strict=True)]
        parts = [Q[:, np.unique(Q.indices)] for Q in parts]
        # the mixed rows of all bases side by side, and for each mixed row its group's columns alone
        self._column = groups.repeat_interleave(torch.tensor([Q.shape[1] for Q in parts]), 1)
        self._combination = _as_tensor(sparse.hstack(parts))
        self._coordinates = _as_tensor(sparse.hstack(parts).T)
        self._mixing = _as_tensor(
            sparse.block_diag([Q[m] for m, Q in zip(mixed, parts, strict=True)])
        )

    def to(self, device: torch.device) -> Residuals:
        """Moves all tables to a device."""
        for name, table in vars(self).items():
            if isinstance(table, Tensor):
                setattr(self, name, table.to(device))
        return self

    def squares(self, blocks: Tensor) -> Tensor:
        """Computes the parts of ||(I - Q_G Q_G^T) B||^2, float64, of B (height, count).

        First comes the squared norm of each row of B, then that of each row that a group mixes,
        without the group's part. ``owner``, (groups, parts), says with 0 and 1 which part counts
        for which group: sums by it are the norms.
        """
        B = blocks.double()
        whole = _squared_norms(B)
        if not len(self.rows):
            return whole
        # the norm of the residual, not ||B||^2 - ||Q^T B||^2: near equivariance that difference
        # loses all digits
        rest = B.index_select(0, self.rows).addmm_(self._mixing, self._coordinates @ B, alpha=-1.0)
        return torch.cat([whole, _squared_norms(rest)])

    def gradient(self, blocks: Tensor, factors: Tensor) -> Tensor:
        """Computes the sum over groups of factor_G (I - Q_G Q_G^T) B, (height, count), float64.

        B is (height, count); there is one factor for each group, (groups,), float64.
        """
        B = blocks.double()
        total = B * (factors @ self._penalised)[:, None]
        if not len(self.rows):
            return total
        # the columns of all groups side by side: weighting each column by its group's factor
        # makes one product of the sum over groups
        weighted = (self._coordinates @ B).mul_((factors @ self._column)[:, None])
        return total.addmm_(self._combination, weighted, alpha=-1.0)


def _squared_norms(rows: Tensor) -> Tensor:
    return torch.linalg.vector_norm(rows, dim=1).square()  # reads once and writes nothing


def _repeated(basis: Tensor, copies: int) -> sparse.csr_array:
    """Repeats a basis on the diagonal, with exact zeros."""
    exact = sparse.csr_array(basis.double().cpu().numpy())
    exact.data[np.abs(exact.data) < ROUNDING] = 0.0
    exact.eliminate_zeros()
    return sparse.kron(sparse.eye(copies), exact, format="csr")


def _as_tensor(matrix: sparse.sparray) -> Tensor:
    matrix = sparse.csr_array(matrix)
    matrix.sort_indices()
    # int32: products with MKL convert other indices in every call
    rows, columns = (torch.from_numpy(p.astype(np.int32)) for p in (matrix.indptr, matrix.indices))
    values = torch.from_numpy(matrix.data.astype(np.float64))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(rows, columns, values, matrix.shape, check_invariants=True)
