"""The bilinear term compared with a matrix built for each sample."""

import pytest
import torch
from compliance.groups import elements

from softsym.networks.bilinear import Bilinear
from softsym.networks.bilinear_terms import map_type
from softsym.networks.hidden_layout import gates, hidden_layout, segments
from softsym.symmetries import Scalar, T, group, rep
from softsym.symmetries.blocks import tensor_blocks

GROUPS = ("O(3)", "SO(3)*Scaling(3)", "GL(2)", "C(4)")


def layout_of(G, channels=24):
    hidden = hidden_layout(channels, G)
    return hidden + gates(hidden, G.dim) * Scalar


def columns(layout, dim):
    """Where each copy of each type stands, copies in order of appearance."""
    actual = {}
    for tensor, start, copies in segments(layout, dim):
        for copy in range(copies):
            begin = start + copy * tensor.size(dim)
            actual.setdefault(tensor, []).append(slice(begin, begin + tensor.size(dim)))
    return actual


def as_matrix(tensor, i, j, dim):
    """A tensor of type i (x) j* as the matrix of a map, by the blocks of ``j >> i``."""
    flat = torch.empty(tensor.numel(), dtype=tensor.dtype)
    (index,) = tensor_blocks(j >> i, dim).values()
    flat[index[0]] = tensor
    return flat.view(i.size(dim), j.size(dim))


def weight(layer, term):
    """Weights (a, b, c) of one term, which several terms hold jointly."""
    if term.mixes_first:
        peers, joined = layer._by_mapped[term.of], layer.mix_first[f"{term.of.p}_{term.of.q}"]
        parts = joined.split([t.results * t.copies for t in peers])
    else:
        peers, joined = layer._by_result[term.to], layer.mix_last[f"{term.to.p}_{term.to.q}"]
        parts = joined.split([t.copies * t.mapped for t in peers], 1)
    shape = term.results, term.copies, term.mapped
    return parts[peers.index(term)].reshape(shape).transpose(1, 2)


def by_term(layer):
    """Types and weights (a, b, c) of each term."""
    return [(t.to, t.of, t.by, weight(layer, t)) for t in layer.terms]


def by_matrix(layer, layout, G, x):
    """M(x) x with M built in full, one sample at a time."""
    where, rows = columns(layout, G.dim), []
    for row in x:
        M = torch.zeros(len(row), len(row), dtype=row.dtype)
        for i, j, k, weight in by_term(layer):
            chosen = layer.get_buffer(f"chosen_{k.p}_{k.q}").tolist()
            maps = [as_matrix(row[where[k][c]], i, j, G.dim) for c in chosen]
            for a, to in enumerate(where[i]):
                for b, of in enumerate(where[j]):
                    M[to, of] = sum(w * m for w, m in zip(weight[a, b], maps, strict=True))
        rows.append(M @ row)
    return torch.stack(rows).detach()


@pytest.mark.parametrize("name", GROUPS)
def test_equals_a_matrix_for_each_sample(name):
    G = group(name)
    layout = layout_of(G)
    layer = Bilinear(layout, G, seed=1).double()
    x = torch.randn(3, layout.size(G.dim), generator=torch.Generator().manual_seed(0)).double()
    torch.testing.assert_close(layer(x).detach(), by_matrix(layer, layout, G, x))


@pytest.mark.parametrize("text", ["T1 + 2T0 + T1", "2T(1,1) + T0 + T(0,1) + T(1,1) + T1", "2T1"])
def test_runs_of_a_type_may_be_apart(text):
    G, layout = group("GL(2)"), rep(text)
    layer = Bilinear(layout, G, seed=1).double()
    x = torch.randn(3, layout.size(2)).double()
    torch.testing.assert_close(layer(x).detach(), by_matrix(layer, layout, G, x))


@pytest.mark.parametrize("name", GROUPS)
def test_equivariant(name):
    G = group(name)
    layout = layout_of(G)
    layer = Bilinear(layout, G, seed=1).double()
    x = torch.randn(3, layout.size(G.dim)).double()
    rho = layout.rho(elements(G, 1, seed=2)[0])
    torch.testing.assert_close(layer(x @ rho.T), layer(x) @ rho.T, atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("name", GROUPS)
def test_types_of_maps_and_of_the_copies_that_take_part(name):
    G = group(name)
    layer = Bilinear(layout_of(G, 60), G, seed=0)
    assert layer.terms
    for i, j, k, _ in by_term(layer):
        assert k.rank == i.rank + j.rank > 0
        if not G.is_orthogonal:
            assert j >> i == k or list(tensor_blocks(j >> i, G.dim)) == [k] or i.q
        chosen = layer.get_buffer(f"chosen_{k.p}_{k.q}")
        assert len(chosen) == min(k.size(G.dim), layer.counts[k]) == len(set(chosen.tolist()))
    assert map_type(T(1, 2), T(3, 1), group("GL(2)")) == T(2, 5)
    assert map_type(T(1), T(2), group("O(2)")) == T(3)


def test_weights_are_standard_normal():
    G = group("O(3)")
    layer = Bilinear(layout_of(G, 128), G, seed=0)
    weights = torch.cat([w.detach().flatten() for w in layer.parameters()])
    assert float(weights.std()) == pytest.approx(1.0, abs=0.02)
    assert abs(float(weights.mean())) < 0.02


def test_scalars_alone_give_nothing():
    layer = Bilinear(rep("4T0"), group("O(3)"), seed=0)
    assert list(layer.parameters()) == []
    assert not layer(torch.randn(2, 4)).any()


@pytest.mark.parametrize("name", GROUPS)
def test_what_is_compiled_computes_the_same(name):
    G = group(name)
    layout = layout_of(G)
    layer = Bilinear(layout, G, seed=0).double()
    x = torch.randn(5, layout.size(G.dim), dtype=torch.float64, requires_grad=True)
    # traced as for a compiler, and run as it is
    traced = torch.compile(layer, backend="eager")
    weights = [x, *layer.parameters()]
    actual, expected = traced(x), layer(x)
    torch.testing.assert_close(actual, expected)
    cotangent = torch.randn_like(expected)
    gradients = (torch.autograd.grad(y, weights, cotangent) for y in (actual, expected))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)
