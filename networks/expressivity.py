"""Which outputs a hidden layout can give: tensors need room for the products they are made of.

A bilinear term that makes tensors of rank i from tensors of rank j multiplies by tensors of rank
i + j (:mod:`softsym.networks.bilinear`). In a layout without these, hard-constrained networks give
only part of what their group allows: from vectors in a layout of rank 2, only multiples of the
identity as T2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.symmetries import Group, Rep, T
from softsym.symmetries.blocks import tensor_blocks
from softsym.symmetries.solver import tensor_basis

LARGEST = 1000
"""Most numbers of a tensor whose basis is solved for this check, which must be fast."""

Spans = dict[int, Tensor]
"""For each rank, an orthonormal basis (d^rank, n) of the values that tensors can take."""


def sufficient_rank(rep_in: Rep, rep_out: Rep, G: Group, rank: int, layers: int) -> int | None:
    """The next larger rank of a hidden layout that lets an equivariant network give more outputs.

    Tried at one generic input: the spans of all values that the network can take there.

    Args:
        rep_in: Type of the input.
        rep_out: Type of the output.
        G: An orthogonal group.
        rank: Largest rank in the layout.
        layers: Number of hidden layers.

    Returns:
        None if no larger rank gives more, the types are no tensors, or this would take long.
    """
    ends = [tensor_blocks(R.over(G), G.space) for R in (rep_in, rep_out)]
    if not G.is_orthogonal or not all(isinstance(t, T) for blocks in ends for t in blocks):
        return None
    outputs = {t.rank for t in ends[1] if isinstance(t, T)}
    random = torch.randn(rep_in.size(G.space), generator=torch.Generator().manual_seed(0)).double()
    given: Spans = {}
    for tensor, index in ends[0].items():
        if isinstance(tensor, T):
            known = given.get(tensor.rank, torch.zeros(index.shape[1], 0, dtype=torch.float64))
            given[tensor.rank] = _span([known, random[index].T])
    reached = None
    for tried in range(rank, max(outputs, default=0) + 2):
        if G.dim ** (tried + max(tried, *outputs, *given)) > LARGEST:
            return None
        dims = _dimensions(given, tried, outputs, G, layers)
        if reached is not None and dims > reached:
            return tried
        reached = dims
    return None


def _dimensions(given: Spans, rank: int, outputs: set[int], G: Group, layers: int) -> int:
    """Number of dimensions of the output's tensors that can be reached."""
    spans = given
    for _ in range(layers):
        spans = _linear(spans, range(rank + 1), G)
        spans = {i: _span([own, *_products(spans, i, G.dim)]) for i, own in spans.items()}
    return sum(span.shape[1] for span in _linear(spans, sorted(outputs), G).values())


def _linear(spans: Spans, ranks: range | list[int], G: Group) -> Spans:
    """The values of all equivariant linear maps, and of the invariant biases."""
    reached = {}
    for i in ranks:
        size, parts = G.dim**i, [tensor_basis(G, T(i))]
        for j, values in spans.items():
            maps = tensor_basis(G, T(i + j)).reshape(size, len(values), -1)
            parts.append(torch.einsum("ijr,jn->irn", maps, values).flatten(1))
        reached[i] = _span(parts)
    return reached


def _products(spans: Spans, i: int, dim: int) -> list[Tensor]:
    """The values (d^i, n) of bilinear terms: tensors of rank i + j, as matrices, times rank j."""
    pairs = [(spans[i + j], values) for j, values in spans.items() if i + j and i + j in spans]
    return [
        torch.einsum("ijm,jn->imn", M.reshape(dim**i, len(v), -1), v).flatten(1) for M, v in pairs
    ]


def _span(parts: list[Tensor]) -> Tensor:
    U, sizes, _ = torch.linalg.svd(torch.cat(parts, 1), full_matrices=False)
    return U[:, sizes > 1e-8 * sizes.amax().clamp_min(1e-8)] if len(sizes) else U
