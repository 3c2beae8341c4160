"""Motions in homogeneous coordinates: points move, directions only turn."""

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import SE, Rotation, Translation


class TestEuclidean(GroupSuite):
    groups = ("SE(2)", "SE(3)", "Rotation(3)", "Translation(2)")


@pytest.mark.parametrize("G", [SE(3), Rotation(3), Translation(3)], ids=str)
def test_distances_stay_and_directions_are_not_shifted(G):
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(2, 3, dtype=torch.float64, generator=generator)
    homogeneous = torch.cat([points, torch.ones(2, 1, dtype=torch.float64)], 1)
    g = elements(G, 10)
    moved = homogeneous @ g.mT
    torch.testing.assert_close(moved[..., -1], torch.ones(10, 2, dtype=torch.float64))
    apart = (moved[:, 0] - moved[:, 1]).norm(dim=-1)
    torch.testing.assert_close(apart, (points[0] - points[1]).norm().expand(10))
    direction = torch.cat([points[0], torch.zeros(1, dtype=torch.float64)])
    turned = g @ direction
    torch.testing.assert_close(turned.norm(dim=-1), points[0].norm().expand(10))
    assert (turned[:, -1] == 0).all()


def test_se_is_generated_by_rotations_and_shifts():
    assert SE(3) == Rotation(3) * Translation(3)
