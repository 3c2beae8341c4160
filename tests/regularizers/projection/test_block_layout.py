"""Every penalised number is in one matrix, at its position, whatever the sizes of matrices."""

import pytest
import torch
from torch import nn

from softsym.networks import TypedLinear
from softsym.regularizers.projection import block_layout
from softsym.regularizers.projection.block_layout import BlockLayout
from softsym.regularizers.projection.projection_pass import ProjectionPass
from softsym.regularizers.projection.typed_layers import typed_layers
from softsym.symmetries import equivariant_projector, group, rep

GROUPS = [group(name) for name in ("O(2)@xy", "SO(3)")]
CPU = torch.device("cpu")


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        TypedLinear(rep("9T0 + 4T1"), rep("5T0 + 6T1 + 2T2"), 3),
        TypedLinear(rep("5T0 + 6T1 + 2T2"), rep("T0 + T1"), 3),
    )


@pytest.fixture(params=[2**17, 600, 100, 1])
def most(request, monkeypatch):
    """Sizes of a matrix, from one that all types share to one for each block."""
    monkeypatch.setattr(block_layout, "CPU_PIECE", request.param)
    return request.param


def test_each_penalised_number_is_at_one_position(most):
    layers = typed_layers(network())
    layout = BlockLayout(layers, GROUPS, CPU)
    sizes = [p.numel() for layer in layers for p, _ in layer.terms]
    flat = [torch.zeros(size) for size in sizes]
    for _, number, grid in layout.regular:
        grid.view(flat[number]).add_(1)
    sources = torch.zeros(sum(sizes[number] for number in layout.sources) + 1)
    sources.index_add_(0, layout.index, torch.ones(len(layout.index)))
    for number, part in zip(
        layout.sources, sources[:-1].split([sizes[n] for n in layout.sources]), strict=True
    ):
        flat[number] += part
    seen = torch.cat(flat)
    scalars = 9 * 5 + 5 + 5 * 1 + 1  # between scalars, which every group leaves alone
    assert set(seen.tolist()) == {0.0, 1.0}
    assert (seen == 0).sum() == scalars


def test_no_matrix_is_larger_than_allowed_unless_it_cannot_be_smaller(most):
    layout = BlockLayout(typed_layers(network()), GROUPS, CPU)
    for B in layout.matrices(layout.index):
        assert B.numel() <= most or B.shape[1] == 1
    for _, _, grid in layout.regular:
        assert grid.shape[0] * grid.shape[1] <= most or grid.columns[0][0] == 1


@pytest.mark.parametrize("most", [2**17, 600], indirect=True)
def test_many_blocks_are_read_in_place_and_few_are_gathered(most):
    layout = BlockLayout(typed_layers(network()), GROUPS, CPU)
    many = [grid.shape for _, _, grid in layout.regular]
    assert all(width * count >= most / 4 for width, count in many)
    assert bool(many) == (most == 600)
    assert layout.gathered


def test_the_penalties_do_not_depend_on_it(most):
    layers = typed_layers(network().double())
    values = ProjectionPass(layers, GROUPS).penalties()
    parameters = [p for layer in layers for p, _ in layer.terms]
    gradients = torch.autograd.grad(values[0] + 2 * values[1], parameters)
    for layer in layers:
        for parameter, kind in layer.terms:
            flat, gradient = parameter.detach().reshape(-1), 0.0
            for factor, G in zip((1.0, 2.0), GROUPS, strict=True):
                gradient = gradient + factor * (flat - equivariant_projector(G, kind) @ flat)
            torch.testing.assert_close(gradients[0].reshape(-1), gradient)
            gradients = gradients[1:]


def test_nothing_is_penalised_where_all_are_free():
    layout = BlockLayout(typed_layers(network()), [group("Trivial(3)")], CPU)
    assert (layout.gathered, layout.regular, len(layout.index)) == ([], [], 0)


def test_an_irregular_order_of_types_is_laid_out_in_no_time():
    order = torch.randint(2, (160,), generator=torch.Generator().manual_seed(0)).tolist()
    kind = rep(" + ".join(f"T{rank}" for rank in order))
    layout = BlockLayout(typed_layers(TypedLinear(kind, kind, 3)), GROUPS, CPU)
    looks = []
    original = block_layout.grids
    block_layout.grids = lambda table: (looks.append(1) or pair for pair in original(table))
    try:
        BlockLayout(typed_layers(TypedLinear(kind, kind, 3)), GROUPS, CPU)
    finally:
        block_layout.grids = original
    assert layout.gathered
    assert 0 < len(looks) <= 3 * block_layout.PATIENCE
