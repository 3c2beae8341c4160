"""Uniform elements of compact groups."""

import pytest
import torch

from softsym.symmetries import Group, equivariant_projector, group
from softsym.symmetries.haar import uniform_elements

SKEW = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "G",
    [
        group("O(3)"),
        group("O(2)@xy"),
        group("SO(2)@xy*SO(2)@yz"),
        group("C(4)@xy"),
        group("S(4)"),
        group("Rotation(2)"),
        Group(3, [SKEW], name="turns"),
    ],
    ids=str,
)
def test_means_over_uniform_elements_are_projections(G):
    g = uniform_elements(G, 20_000, torch.Generator().manual_seed(0))
    mean = torch.einsum("nab,ncd->acbd", g, g).reshape(G.dim**2, -1) / len(g)
    torch.testing.assert_close(mean, equivariant_projector(G, "T2"), atol=0.03, rtol=0)


def test_a_direct_product_gives_a_stack_for_each_factor():
    g = uniform_elements(group("S(5)xO(3)"), 7)
    assert [part.shape for part in g] == [(7, 5, 5), (7, 3, 3)]


def test_a_group_that_is_not_compact_is_refused():
    with pytest.raises(ValueError, match="not compact"):
        uniform_elements(group("Scaling(3)"), 2)
