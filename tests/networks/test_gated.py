"""Gates compared with a plain loop."""

import math

import pytest
import torch
from compliance.groups import elements

from softsym.networks.gated import GatedNonlinearity
from softsym.networks.hidden_layout import gates, segments
from softsym.symmetries import Scalar, group, rep


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def by_loop(layout, dim, row, w_gated):
    """One row of the formula, number by number."""
    size = layout.size(dim)
    values, opening, out = row[:size], iter(row[size:]), []
    for tensor, start, copies in segments(layout, dim):
        for copy in range(copies):
            begin = start + copy * tensor.size(dim)
            tensor_values = values[begin : begin + tensor.size(dim)]
            gate = next(opening) if tensor.rank else tensor_values[0]
            out += [sigmoid(gate) * value for value in tensor_values]
    assert next(opening, None) is None
    return [o + w * v * sigmoid(v) for o, w, v in zip(out, w_gated, values, strict=True)]


@pytest.mark.parametrize("text", ["3T0 + 2T1 + T2", "T1 + 2T0 + T(1,1) + T0", "2T1", "3T0"])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_equals_the_formula(text, dim):
    layout = rep(text)
    layer = GatedNonlinearity(layout, dim).double()
    with torch.no_grad():
        layer.w_gated.normal_(generator=torch.Generator().manual_seed(0))
    x = torch.randn(5, layout.size(dim) + gates(layout, dim)).double()
    expected = [by_loop(layout, dim, row, layer.w_gated.tolist()) for row in x.tolist()]
    torch.testing.assert_close(layer(x), torch.tensor(expected, dtype=torch.float64))


def test_the_soft_part_starts_small_and_can_be_left_out():
    layout = rep("T0 + T1")
    assert GatedNonlinearity(layout, 3).w_gated.tolist() == pytest.approx([1e-3] * 4)
    assert list(GatedNonlinearity(layout, 3, soft=False).parameters()) == []


@pytest.mark.parametrize("name", ["O(1)", "O(3)", "GL(2)"])
def test_the_hard_gate_is_equivariant_and_the_soft_is_not(name):
    G = group(name)
    layout = rep("2T0 + 2T1 + T(1,1)")
    kind = layout + gates(layout, G.dim) * Scalar
    x = torch.randn(4, kind.size(G.dim)).double()
    g = elements(G, 1, seed=3)[0]
    hard = GatedNonlinearity(layout, G.dim, soft=False)
    torch.testing.assert_close(hard(x @ kind.rho(g).T), hard(x) @ layout.rho(g).T)
    if G.dim > 1:
        soft = GatedNonlinearity(layout, G.dim).double()
        assert not torch.allclose(soft(x @ kind.rho(g).T), soft(x) @ layout.rho(g).T)


def test_kept_components_are_left_alone_by_the_soft_term():
    layout, kept = rep("T0 + T1"), torch.tensor([3])
    features = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    soft, hard = GatedNonlinearity(layout, 3, True, kept), GatedNonlinearity(layout, 3, soft=False)
    difference = (soft(features) - hard(features)).abs().amax(0)
    assert difference[3] == 0
    assert (difference[:3] > 0).all()
    assert list(soft.state_dict()) == ["w_gated"]
