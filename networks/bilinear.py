"""The bilinear term, which mixes tensors of different rank."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from softsym.networks.bilinear_terms import Term, bilinear_terms
from softsym.networks.hidden_layout import segments
from softsym.networks.sample_products import sample_products
from softsym.symmetries import Group, Rep, T


class Bilinear(nn.Module):
    """x -> M(x) x with a matrix M that is itself made of the tensors in x, equivariantly.

    The block of M from an input tensor of type j to an output tensor of type i is a learned
    combination, weights N(0, 1), of copies of the type k = i (x) j* in x. At most dim(T_k)
    copies of each type take part, chosen at random once; blocks between scalars are left out
    (Finzi et al. 2021, arXiv 2104.09459, sec. 6). No matrix is ever built for a sample: the
    factors are contracted in the cheapest order, and all that is mixed by weights alone is one
    matrix product for each type.

    Args:
        layout: Type of x and of the result, a sum of tensors.
        group: The largest candidate group; under an orthogonal one vector and dual indices are
            the same, so that k is the sum of the ranks.
        seed: Seed of the choice of copies and of the weights.

    Shape:
        (batch, layout.size(dim)) to the same. Fastest where the numbers of one feature are
        neighbours in memory; the result is laid out so.
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
        """Draws weight[a,b,c] of each term, and joins those that one matrix product applies."""
        drawn = {
            t: torch.randn(t.results, t.mapped, t.copies, generator=generator) for t in self.terms
        }
        for j, terms in self._by_mapped.items():
            rows = [drawn[t].transpose(1, 2).flatten(0, 1) for t in terms]
            self.mix_first[_key(j)] = nn.Parameter(torch.cat(rows))
        for i, terms in self._by_result.items():
            columns = [drawn[t].transpose(1, 2).flatten(1) for t in terms]
            self.mix_last[_key(i)] = nn.Parameter(torch.cat(columns, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Applies M(features) to features."""
        last = features.T.contiguous()
        x = self._by_type(last)
        copies = {k: x[k].index_select(0, self._chosen(k)) for k in self._copied}
        out: dict[T, Tensor] = {}
        for j, terms in self._by_mapped.items():
            mixed = self.mix_first[_key(j)] @ x[j].flatten(1)
            parts = mixed.split([t.results * t.copies for t in terms])
            for term, part in zip(terms, parts, strict=True):
                _add(out, term.to, self._meet_mixed(term, copies[term.by], part))
        for i, terms in self._by_result.items():
            met = torch.cat([self._meet(t, copies[t.by], x[t.of]) for t in terms])
            mixed = self.mix_last[_key(i)] @ met
            _add(out, i, mixed.unflatten(1, (i.size(self.dim), -1)))
        return self._flatten(out, last).T

    def weight(self, term: Term) -> Tensor:
        """Weights of one term, (results, mapped, copies)."""
        shape = term.results, term.copies, term.mapped
        if term.mixes_first:
            peers, joined = self._by_mapped[term.of], self.mix_first[_key(term.of)]
            parts = joined.split([t.results * t.copies for t in peers])
        else:
            peers, joined = self._by_result[term.to], self.mix_last[_key(term.to)]
            parts = joined.split([t.copies * t.mapped for t in peers], 1)
        return parts[peers.index(term)].reshape(shape).transpose(1, 2)

    def _meet(self, term: Term, copies: Tensor, x: Tensor) -> Tensor:
        """Every copy applied to every x, (copies mapped, size i batch)."""
        return sample_products(self._matrix_axes(term, copies), x).flatten(2).flatten(0, 1)

    def _meet_mixed(self, term: Term, copies: Tensor, mixed: Tensor) -> Tensor:
        """The copies applied each to its own mixture, and added up, (results, size i, batch)."""
        matrices = self._matrix_axes(term, copies).transpose(0, 1).flatten(1, 2)
        vectors = mixed.view(term.results, matrices.shape[1], -1)
        return sample_products(matrices[None], vectors)[0]

    def _chosen(self, k: T) -> Tensor:
        return self.get_buffer(f"chosen_{_key(k)}")

    def _by_type(self, last: Tensor) -> dict[T, Tensor]:
        """Copies of each type, (copies, d^rank, batch)."""
        parts: dict[T, list[Tensor]] = {}
        sizes = [count * tensor.size(self.dim) for tensor, _, count in self.runs]
        for (tensor, _, count), run in zip(self.runs, last.split(sizes), strict=True):
            parts.setdefault(tensor, []).append(run.unflatten(0, (count, -1)))
        return {t: run[0] if len(run) == 1 else torch.cat(run) for t, run in parts.items()}

    def _matrix_axes(self, term: Term, copies: Tensor) -> Tensor:
        """Tensors of type i (x) j* as matrices, (copies, size i, size j, batch)."""
        i, j = term.to, term.of
        if not (i.q or j.q):
            return copies.unflatten(1, term.sizes)
        axes = copies.unflatten(1, [self.dim] * (i.rank + j.rank))
        p, s, q = i.p, j.q, i.q
        vectors, duals = range(p + s), range(p + s, i.rank + j.rank)
        # rows: vector then dual indices of i; columns: those that meet j's vectors, then its duals
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
    """Of parameters and buffers, whose names may hold no comma."""
    return f"{tensor.p}_{tensor.q}"


def _grouped(terms: Sequence[Term], shared: str) -> dict[T, list[Term]]:
    """Terms that share a matrix product, by the type that they have in common."""
    groups: dict[T, list[Term]] = {}
    for term in terms:
        groups.setdefault(getattr(term, shared), []).append(term)
    return groups


def _add(out: dict[T, Tensor], tensor: T, part: Tensor) -> None:
    out[tensor] = out[tensor] + part if tensor in out else part
