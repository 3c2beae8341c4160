"""Every penalised number stands in one matrix, at its place, whatever the sizes of matrices."""

import pytest
import torch
from torch import nn

from networks import TypedLinear
from regularizers import block_layout
from regularizers.block_layout import BlockLayout
from regularizers.projection_pass import ProjectionPass
from regularizers.typed_layers import typed_layers
from symmetries import equivariant_projector, group, rep

GROUPS = [group(name) for name in ("O(2)@xy", "SO(3)")]
CPU = torch.device("cpu")
SIZES = {"shared": 2**17, "a few share": 600, "alone": 100, "a block each": 1}


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        TypedLinear(rep("9T0 + 4T1"), rep("5T0 + 6T1 + 2T2"), 3),
        TypedLinear(rep("5T0 + 6T1 + 2T2"), rep("T0 + T1"), 3),
    )


def weights(layers):
    return torch.cat([p.detach().reshape(-1) for layer in layers for p, _ in layer.terms])


@pytest.fixture(params=SIZES)
def most(request, monkeypatch):
    monkeypatch.setattr(block_layout, "CPU_PIECE", SIZES[request.param])
    return SIZES[request.param]


def test_each_penalised_number_stands_at_one_place(most):
    layers = typed_layers(network())
    layout = BlockLayout(layers, GROUPS, CPU)
    size = len(weights(layers))
    places = layout.index[layout.index < size]
    assert len(places.unique()) == len(places)
    scalars = 9 * 5 + 5 + 5 * 1 + 1  # between scalars, which every group leaves alone
    assert len(places) == size - scalars


def test_no_matrix_is_larger_than_allowed_unless_it_is_one_block(most):
    layout = BlockLayout(typed_layers(network()), GROUPS, CPU)
    for B in layout.matrices(layout.index):
        assert B.numel() <= most or B.shape[1] == 1


def test_the_penalties_do_not_depend_on_it(most):
    layers = typed_layers(network().double())
    values = ProjectionPass(layers, GROUPS).penalties()
    parameters = [p for layer in layers for p, _ in layer.terms]
    found = torch.autograd.grad(values[0] + 2 * values[1], parameters)
    for layer in layers:
        for parameter, kind in layer.terms:
            flat, gradient = parameter.detach().reshape(-1), 0.0
            for factor, G in zip((1.0, 2.0), GROUPS, strict=True):
                gradient = gradient + factor * (flat - equivariant_projector(G, kind) @ flat)
            torch.testing.assert_close(found[0].reshape(-1), gradient)
            found = found[1:]


def test_small_types_share_a_matrix():
    assert len(BlockLayout(typed_layers(network()), GROUPS, CPU).residuals) < 4


def test_nothing_is_penalised_where_all_are_free():
    layout = BlockLayout(typed_layers(network()), [group("Trivial(3)")], CPU)
    assert (layout.residuals, len(layout.index)) == ([], 0)
