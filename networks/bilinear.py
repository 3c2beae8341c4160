"""The bilinear term, which lets tensors of different ranks interact."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from softsym.networks.bilinear_terms import Term, bilinear_terms
from softsym.networks.hidden_layout import segments
from softsym.networks.sample_products import sample_products
from softsym.symmetries import Group, Rep, T


class Bilinear(nn.Module):
    """Maps x to M(x) x with a matrix M whose blocks are, equivariantly, tensors of x itself.

    The block of M from an input tensor of type j to an output tensor of type i is a learned
    combination, with initial weights N(0, 1), of copies of the type k = i (x) j* in x. At most
    dim(T_k) randomly chosen copies of each type take part; blocks between scalars are omitted
    (Finzi et al. 2021, arXiv 2104.09459, sec. 6).

    M(x) is never built. In each term out = sum weight copies x the weights are contracted either
    with x first or with the result last, whichever is cheaper (``Term.mixes_first``). Terms that
    share their x, or their result, share one matrix product with the joined weights.

    Args:
        layout: Type of x and of the result, a sum of tensors.
        group: The largest candidate group. If it is orthogonal, vector and dual indices are
            equivalent, and the rank of k is the sum of the ranks of i and j.
        seed: Seed of the chosen copies and of the weights.

    Shape:
        (batch, layout.size(dim)) to the same. Fastest if the batch is contiguous in memory, which
        it is in the result.
    """

    def __init__(self, layout: Rep, group: Group, seed: int) -> None:
        super().__init__()
        self.dim = dim = group.dim
        self.runs = segments(layout, dim)
        self.counts: dict[T, int] = {}
        for tensor, _, count in self.runs:
            self.counts[tensor] = self.counts.get(tensor, 0) + count
        self.terms = bilinear_terms(self.counts, group)
        generator = torch.Generator().manual_seed(seed)
        self._copied = sorted({term.by for term in self.terms}, key=str)
        for k in self._copied:
            chosen = torch.randperm(self.counts[k], generator=generator)[: k.size(dim)]
            self.register_buffer(f"chosen_{_key(k)}", chosen)
        first = [term for term in self.terms if term.mixes_first]
        last = [term for term in self.terms if not term.mixes_first]
        self._by_mapped, self._by_result = _grouped(first, "of"), _grouped(last, "to")
        self.mix_first, self.mix_last = nn.ParameterDict(), nn.ParameterDict()
        self._start(generator)

    def _start(self, generator: torch.Generator) -> None:
        """Draws weight[a,b,c] of each term; joins the weights that share a matrix product."""
        drawn = {
            t: torch.randn(t.results, t.mapped, t.copies, generator=generator) for t in self.terms
        }
        # Joined along rows (a, c) for terms of the same x, along columns (c, b) for terms of the
        # same result: one large product is faster than several small ones.
        for j, terms in self._by_mapped.items():
            rows = [drawn[t].transpose(1, 2).flatten(0, 1) for t in terms]
            self.mix_first[_key(j)] = nn.Parameter(torch.cat(rows))
        for i, terms in self._by_result.items():
            columns = [drawn[t].transpose(1, 2).flatten(1) for t in terms]
            self.mix_last[_key(i)] = nn.Parameter(torch.cat(columns, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Computes M(x) x of features x (batch, size)."""
        last = features.T.contiguous()  # batch last: every type is one contiguous block
        x = self._by_type(last)
        chosen = {k: self.get_buffer(f"chosen_{_key(k)}") for k in self._copied}
        copies = {k: x[k].index_select(0, index) for k, index in chosen.items()}
        out: dict[T, Tensor] = {}
        for j, terms in self._by_mapped.items():
            mixed = self.mix_first[_key(j)] @ x[j].flatten(1)  # contracts b: (a c, J batch)
            parts = mixed.split([t.results * t.copies for t in terms])
            for term, part in zip(terms, parts, strict=True):
                _add(out, term.to, self._apply_copies(term, copies[term.by], part))
        for i, terms in self._by_result.items():
            pairs = torch.cat([self._pair_products(t, copies[t.by], x[t.of]) for t in terms])
            mixed = self.mix_last[_key(i)] @ pairs  # contracts c and b at once: (a, I batch)
            _add(out, i, mixed.unflatten(1, (i.size(self.dim), -1)))
        return self._flatten(out, last).T

    def _pair_products(self, term: Term, copies: Tensor, x: Tensor) -> Tensor:
        """Applies every copy to every x, (copies mapped, size i batch)."""
        return sample_products(self._matrix_axes(term, copies), x).flatten(2).flatten(0, 1)

    def _apply_copies(self, term: Term, copies: Tensor, mixed: Tensor) -> Tensor:
        """Applies each copy to its own mixture and sums over copies, (results, size i, batch)."""
        # (copy, J) become one axis, so that the sum over both is a single contraction.
        matrices = self._matrix_axes(term, copies).transpose(0, 1).flatten(1, 2)
        vectors = mixed.view(term.results, matrices.shape[1], -1)
        return sample_products(matrices[None], vectors)[0]

    def _by_type(self, last: Tensor) -> dict[T, Tensor]:
        """Gathers the tensors of each type, (count, d^rank, batch)."""
        parts: dict[T, list[Tensor]] = {}
        sizes = [count * tensor.size(self.dim) for tensor, _, count in self.runs]
        for (tensor, _, count), run in zip(self.runs, last.split(sizes), strict=True):
            parts.setdefault(tensor, []).append(run.unflatten(0, (count, -1)))
        return {t: run[0] if len(run) == 1 else torch.cat(run) for t, run in parts.items()}

    def _matrix_axes(self, term: Term, copies: Tensor) -> Tensor:
        """Views tensors of type i (x) j* as matrices, (copies, size i, size j, batch)."""
        i, j = term.to, term.of
        if not (i.q or j.q):  # all indices are vector indices, already in the order (I, J)
            return copies.unflatten(1, term.sizes)
        axes = copies.unflatten(1, [self.dim] * (i.rank + j.rank))
        p, s, q = i.p, j.q, i.q
        vectors, duals = range(p + s), range(p + s, i.rank + j.rank)
        # T(p, q) stores vector indices first. Rows need i's vector then dual indices; columns need
        # the indices contracted with j's vectors (duals here), then those with j's duals.
        order = [*vectors[:p], *duals[:q], *duals[q:], *vectors[p:]]
        rows_first = axes.permute(0, *(1 + axis for axis in order), -1)
        return rows_first.flatten(1, -2).unflatten(1, term.sizes)

    def _flatten(self, out: dict[T, Tensor], like: Tensor) -> Tensor:
        used = dict.fromkeys(self.counts, 0)
        parts = []
        for tensor, _, count in self.runs:
            start = used[tensor]
            used[tensor] += count
            if tensor in out:
                parts.append(out[tensor][start : start + count].flatten(0, 1))
            else:
                parts.append(like.new_zeros(count * tensor.size(self.dim), like.shape[-1]))
        return torch.cat(parts)


def _key(tensor: T) -> str:
    """Suffix for the names of parameters and buffers, as a short identifier."""
    return f"{tensor.p}_{tensor.q}"


def _grouped(terms: Sequence[Term], shared: str) -> dict[T, list[Term]]:
    """Groups terms by a type, ``of`` or ``to``; each group shares one matrix product."""
    groups: dict[T, list[Term]] = {}
    for term in terms:
        groups.setdefault(getattr(term, shared), []).append(term)
    return groups


def _add(out: dict[T, Tensor], tensor: T, part: Tensor) -> None:
    out[tensor] = out[tensor] + part if tensor in out else part
