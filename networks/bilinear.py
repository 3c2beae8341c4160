"""The bilinear term, which mixes tensors of different rank."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from networks.layout import segments
from networks.sample_products import sample_products
from symmetries import Group, Rep, T


class Bilinear(nn.Module):
    """x -> M(x) x with a matrix M that is itself made of the tensors in x, equivariantly.

    The block of M from an input tensor of type j to an output tensor of type i is a learned
    combination, weights N(0, 1), of copies of the type k = i (x) j* in x. At most dim(T_k)
    copies of each type take part, chosen at random once; blocks between scalars are left out
    (Finzi et al. 2021, arXiv 2104.09459, sec. 6). No matrix is ever built for a sample: the
    factors are contracted in the cheapest order.

    Args:
        layout: Type of x and of the result, a sum of tensors.
        group: The largest candidate group; under an orthogonal one vector and dual indices are
            the same, so that k is the sum of the ranks.
        seed: Seed of the choice of copies and of the weights.

    Shape:
        (batch, layout.size(dim)) to the same.
    """

    def __init__(self, layout: Rep, group: Group, seed: int) -> None:
        super().__init__()
        self.dim = dim = group.dim
        self.runs = segments(layout, dim)
        copies: dict[T, int] = {}
        for tensor, _, count in self.runs:
            copies[tensor] = copies.get(tensor, 0) + count
        self.copies = copies
        generator = torch.Generator().manual_seed(seed)
        self.pairs = [
            (i, j, k)
            for i in copies
            for j in copies
            if (k := map_type(i, j, group)) in copies and k.rank
        ]
        for k in sorted({k for _, _, k in self.pairs}, key=str):
            chosen = torch.randperm(copies[k], generator=generator)[: k.size(dim)]
            self.register_buffer(f"chosen_{k.p}_{k.q}", chosen)
        self.coefficients = nn.ParameterList(
            torch.randn(copies[i], copies[j], len(self._chosen(k)), generator=generator)
            for i, j, k in self.pairs
        )

    def forward(self, features: Tensor) -> Tensor:
        """Applies M(features) to features."""
        last = features.T.contiguous()
        x = self._by_type(last)
        mixing = {k: x[k][self._chosen(k)] for _, _, k in self.pairs}
        out: dict[T, Tensor] = {}
        for (i, j, k), weight in zip(self.pairs, self.coefficients, strict=True):
            term = contract(self._matrix_axes(mixing[k], i, j), x[j], weight)
            out[i] = out[i] + term if i in out else term
        return self._flatten(out, last).T

    def _chosen(self, k: T) -> Tensor:
        return self.get_buffer(f"chosen_{k.p}_{k.q}")

    def _by_type(self, last: Tensor) -> dict[T, Tensor]:
        """Copies of each type, (copies, d^rank, batch)."""
        parts: dict[T, list[Tensor]] = {}
        sizes = [count * tensor.size(self.dim) for tensor, _, count in self.runs]
        for (tensor, _, count), run in zip(self.runs, last.split(sizes), strict=True):
            parts.setdefault(tensor, []).append(run.unflatten(0, (count, -1)))
        return {t: run[0] if len(run) == 1 else torch.cat(run) for t, run in parts.items()}

    def _matrix_axes(self, mixing: Tensor, i: T, j: T) -> Tensor:
        """Tensors of type i (x) j* as matrices, (copies, size i, size j, batch)."""
        sizes = (i.size(self.dim), j.size(self.dim))
        if not (i.q or j.q):
            return mixing.unflatten(1, sizes)
        axes = mixing.unflatten(1, [self.dim] * (i.rank + j.rank))
        p, s, q = i.p, j.q, i.q
        vectors, duals = range(p + s), range(p + s, i.rank + j.rank)
        # rows: vector then dual indices of i; columns: those that meet j's vectors, then its duals
        order = [*vectors[:p], *duals[:q], *duals[q:], *vectors[p:]]
        rows_first = axes.permute(0, *(1 + axis for axis in order), -1)
        return rows_first.flatten(1, -2).unflatten(1, sizes)

    def _flatten(self, out: dict[T, Tensor], like: Tensor) -> Tensor:
        used = dict.fromkeys(self.copies, 0)
        parts = []
        for tensor, _, count in self.runs:
            start = used[tensor]
            used[tensor] += count
            if tensor in out:
                parts.append(out[tensor][start : start + count].flatten(0, 1))
            else:
                parts.append(like.new_zeros(count * tensor.size(self.dim), like.shape[-1]))
        return torch.cat(parts)


def map_type(i: T, j: T, group: Group) -> T:
    """The type i (x) j* of maps from j to i."""
    if group.is_orthogonal:
        return T(i.rank + j.rank)
    return T(i.p + j.q, i.q + j.p)


def contract(block: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """out[a,I,n] = sum over b, c, J of weight[a,b,c] block[c,I,J,n] x[b,J,n], cheapest order.

    Args:
        block: (c, size i, size j, batch).
        x: (b, size j, batch).
        weight: (a, b, c).

    Returns:
        (a, size i, batch).
    """
    a, b, c = weight.shape
    size_i, size_j, n = block.shape[1:]
    mixing = weight.transpose(1, 2)
    if size_j == 1:
        # scalars in: mix them first, so that only (a, c) numbers a sample meet the tensors
        mixed = (mixing.reshape(a * c, b) @ x.reshape(b, n)).view(a, c, n)
        return sample_products(block.permute(2, 1, 0, 3), mixed)[0]
    met = sample_products(block, x)
    return (mixing.reshape(a, c * b) @ met.view(c * b, size_i * n)).view(a, size_i, n)
