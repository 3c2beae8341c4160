"""Layers with projected weights."""

import pytest
import torch
from torch.autograd import gradcheck
from torch.func import functional_call

from softsym.networks import ProjectedLinear, ResidualLinear
from softsym.regularizers.typed_layers import typed_layers
from softsym.symmetries import equivariant_projector, group, rep

G, H = group("O(2)@xy"), group("O(2)@yz")
IN, OUT = rep("T0 + T1"), rep("T2 + T0")


def layers():
    return [
        ProjectedLinear(IN, OUT, G),
        ResidualLinear(IN, OUT, G),
        ResidualLinear(IN, OUT, G, H),
    ]


def started(layer, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weight, bias = (torch.randn(shape, generator=generator) for shape in ((10, 4), (10,)))
    layer.start(weight, bias)
    return layer.double(), weight.double(), bias.double()


def test_projected_is_the_dense_projector_applied():
    layer, w, b = started(ProjectedLinear(IN, OUT, G))
    W = (equivariant_projector(G, IN >> OUT) @ w.reshape(-1)).view(10, 4)
    torch.testing.assert_close(layer.weight, W)
    torch.testing.assert_close(layer.bias, equivariant_projector(G, OUT) @ b)
    x = torch.randn(3, 4, dtype=torch.float64)
    torch.testing.assert_close(layer(x), x @ W.T + layer.bias)


@pytest.mark.parametrize("index", range(3))
def test_gradients_equal_finite_differences(index):
    layer, *_ = started(layers()[index])
    names, values = zip(*layer.named_parameters(), strict=True)
    x = torch.randn(3, 4, dtype=torch.float64)

    def output(*parameters):
        return functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    assert gradcheck(output, values)


@pytest.mark.parametrize("index", range(3))
def test_a_step_stays_where_the_weight_belongs(index):
    layer, *_ = started(layers()[index])
    before = layer.weight.detach().clone()
    layer(torch.randn(5, 4, dtype=torch.float64)).square().sum().backward()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.sub_(0.1 * parameter.grad)
    change = (layer.weight - before).detach().reshape(-1)
    assert change.abs().max() > 1e-3
    P, P_H = (equivariant_projector(K, IN >> OUT) for K in (G, H))
    span_of_both = torch.linalg.pinv(P + P_H) @ (P + P_H)
    allowed = (P, torch.eye(len(P), dtype=P.dtype), span_of_both)[index]
    torch.testing.assert_close(allowed @ change, change)


def test_they_carry_types_but_no_parameter_to_bind_to():
    for layer in layers():
        assert (layer.rep_in, layer.rep_out) == (IN, OUT)
        assert typed_layers(layer) == []
        assert "T0 + T1 >> T2 + T0, O(2)@xy" in repr(layer)
