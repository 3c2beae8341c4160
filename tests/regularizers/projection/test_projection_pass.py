"""The pass over the weights against dense float64 projectors."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from softsym.networks import TypedLinear
from softsym.regularizers.projection import block_layout
from softsym.regularizers.projection.projection_pass import ProjectionPass
from softsym.regularizers.projection.typed_layers import typed_layers
from softsym.symmetries import equivariant_projector, group, project, rep

PLANES = ("O(2)@xy", "O(2)@yz", "O(3)")
MIXED = ("SO(3)", "Scaling(3)", "SO(3)*Scaling(3)")
GROUPS = {"orthogonal": PLANES, "not orthogonal": MIXED, "of the plane": ("GL(2)", "D(4)", "C(3)")}


def network_over(dim, seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    types = [rep(t) for t in ("2T0 + T1", "T0 + T1 + T(1,1)", "T(0,1) + T0 + T1", "T1")]
    layers = [TypedLinear(a, b, dim, bias=b != types[2]) for a, b in pairwise(types)]
    return nn.Sequential(*layers).to(dtype)


def pass_over(network, names):
    return ProjectionPass(typed_layers(network), [group(name) for name in names])


def residuals(network, G):
    """W - P W and b - P' b of each layer, by dense projectors in float64."""
    parts = []
    for layer in typed_layers(network):
        for values, kind in ((layer.weight, layer.rep_in >> layer.rep_out),
                             (layer.bias, layer.rep_out)):  # fmt: skip
            if values is not None:
                flat = values.detach().double().reshape(-1)
                parts.append((flat - equivariant_projector(G, kind) @ flat).view_as(values))
    return parts


def dense(network, G):
    return 0.5 * sum(float(r.square().sum()) for r in residuals(network, G))


def parameters(network):
    return [
        p for layer in typed_layers(network) for p in (layer.weight, layer.bias) if p is not None
    ]


def move_to_equivariance(network, G, noise):
    with torch.no_grad():
        for layer in typed_layers(network):
            flat = project(G, layer.rep_in >> layer.rep_out, layer.weight.reshape(-1))
            layer.weight.copy_(flat.view_as(layer.weight) + noise * torch.randn_like(layer.weight))
            if layer.bias is not None:
                layer.bias.copy_(project(G, layer.rep_out, layer.bias))


@pytest.mark.parametrize("kind", GROUPS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_and_gradients_equal_dense_projection(kind, dtype):
    names = GROUPS[kind]
    network = network_over(group(names[0]).dim, dtype=dtype)
    values = pass_over(network, names).penalties()
    assert (values.dtype, values.shape) == (dtype, (len(names),))
    for value, name in zip(values, names, strict=True):
        assert value.item() == pytest.approx(dense(network, group(name)), rel=1e-6)
        gradients = torch.autograd.grad(value, parameters(network), retain_graph=True)
        for gradient, expected in zip(gradients, residuals(network, group(name)), strict=True):
            torch.testing.assert_close(gradient.double(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["O(3)", "O(2)@xy", "Scaling(3)", "SO(3)*Scaling(3)"])
def test_exact_within_a_millionth_of_equivariance(name):
    network, G = network_over(3), group(name)
    move_to_equivariance(network, G, 1e-6)
    (value,) = pass_over(network, [name]).penalties()
    expected = dense(network, G)
    assert 0 < expected < 1e-9
    assert value.item() == pytest.approx(expected, rel=1e-6)
    gradients = torch.autograd.grad(value, parameters(network))
    for gradient, residual in zip(gradients, residuals(network, G), strict=True):
        torch.testing.assert_close(gradient, residual, atol=1e-14, rtol=1e-5)


@pytest.mark.parametrize("kind", GROUPS)
def test_gradcheck(kind):
    names = GROUPS[kind]
    network = network_over(group(names[0]).dim)
    layers = pass_over(network, names)
    assert torch.autograd.gradcheck(lambda *_: layers.penalties(), parameters(network))


@pytest.mark.parametrize("broken", range(5))
def test_every_weight_and_bias_counts_even_in_the_first_layer(broken):
    network, G = network_over(3), group("O(3)")
    move_to_equivariance(network, G, 0.0)
    with torch.no_grad():
        parameters(network)[broken].view(-1)[-1] += 1.0
    (value,) = pass_over(network, ["O(3)"]).penalties()
    assert value.item() > 0.1
    assert value.item() == pytest.approx(dense(network, G), rel=1e-9)


def test_the_bias_is_projected_with_the_group_of_the_weight():
    layer = TypedLinear(rep("T1"), rep("T1"), 3).double()
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_(torch.tensor([1.0, 2.0, 3.0]))
    values = pass_over(layer, ["O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)"]).penalties()
    assert values.tolist() == pytest.approx([2.5, 6.5, 5.0, 7.0])


def test_a_step_along_the_gradient_lands_on_the_projection():
    network, G = network_over(3), group("SO(3)*Scaling(3)")
    layers = pass_over(network, ["SO(3)*Scaling(3)"])
    layers.penalties().sum().backward()
    with torch.no_grad():
        for parameter in parameters(network):
            parameter.sub_(parameter.grad)
    assert layers.penalties().item() < 1e-25
    assert max(float(r.abs().max()) for r in residuals(network, G)) < 1e-12


def test_weights_of_the_loss_scale_each_gradient():
    network = network_over(3)
    values = pass_over(network, PLANES).penalties()
    factors = torch.tensor([2.0, 0.0, 5.0]).double()
    gradients = torch.autograd.grad(values @ factors, parameters(network))
    parts = [residuals(network, group(name)) for name in PLANES]
    for i, gradient in enumerate(gradients):
        expected = sum(f * part[i] for f, part in zip(factors, parts, strict=True))
        torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("layout", ["every second column", "transposed", "behind others"])
def test_wide_weights_that_are_not_contiguous(layout, monkeypatch):
    kind = rep("40T0 + 40T1")
    layer, G = TypedLinear(kind, kind, 3, bias=False).double(), group("O(2)@xy")
    weight = layer.weight.detach()
    if layout == "every second column":
        strided = weight.new_zeros(160, 320)[:, ::2].copy_(weight)
    elif layout == "transposed":
        strided = weight.T.contiguous().T
    else:
        strided = torch.cat([weight.new_ones(7), weight.reshape(-1)])[7:].view(160, 160)
    layer.weight = nn.Parameter(strided)
    monkeypatch.setattr(block_layout, "CPU_PIECE", 2**12)
    values = pass_over(layer, ["O(2)@xy"])
    assert values.layout.regular
    (value,) = values.penalties()
    assert value.item() == pytest.approx(dense_blocks(layer, G), rel=1e-9)
    (gradient,) = torch.autograd.grad(value, [layer.weight])
    flat = weight.reshape(-1)
    residual = flat - project(G, kind >> kind, flat)
    torch.testing.assert_close(gradient.reshape(-1), residual)


def dense_blocks(layer, G):
    flat = layer.weight.detach().reshape(-1)
    return 0.5 * (flat - project(G, layer.rep_in >> layer.rep_out, flat)).square().sum().item()


def test_weights_that_changed_meanwhile_are_noticed():
    network = network_over(3)
    value = pass_over(network, PLANES).penalties().sum()
    with torch.no_grad():
        parameters(network)[0].mul_(2.0)
    with pytest.raises(RuntimeError, match="have changed since"):
        value.backward()


def test_a_shared_layer_counts_once_and_frozen_weights_get_no_gradient():
    layer = TypedLinear(rep("T1"), rep("T1"), 3)
    layer.bias.requires_grad_(False)
    (value,) = pass_over(nn.Sequential(layer, layer), ["O(3)"]).penalties()
    assert value.item() == pytest.approx(dense(layer, group("O(3)")), rel=1e-6)
    value.backward()
    assert layer.weight.grad is not None
    assert layer.bias.grad is None


def test_layers_between_types_of_a_direct_product():
    points = "V(S(4)) x V(O(3))"
    layers = [TypedLinear(rep(points), rep(f"2({points}) + V(O(3)) + T0"), 12)]
    layers.append(TypedLinear(layers[0].rep_out, rep(points), 12))
    network, names = nn.Sequential(*layers).double(), ("S(4)xO(3)", "Z(4)xSO(3)")
    with pytest.raises(ValueError, match=r"representation of S\(4\), which is not Z\(4\)"):
        pass_over(network, names)
    values = pass_over(network, names[:1]).penalties()
    torch.testing.assert_close(values, torch.tensor([dense(network, group(names[0]))]).double())
    move_to_equivariance(network, group(names[0]), 0.0)
    assert pass_over(network, names[:1]).penalties().item() < 1e-20
    g = group(names[0]).sample_elements(5)
    x = torch.randn(5, 12, dtype=torch.float64)
    moved_first = network(layers[0].rep_in.over(group(names[0])).act(g, x))
    moved_last = layers[1].rep_out.over(group(names[0])).act(g, network(x))
    torch.testing.assert_close(moved_first, moved_last)
