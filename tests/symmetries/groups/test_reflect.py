"""Reflect(n): the mirror image along one axis."""

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import Reflect


class TestReflect(GroupSuite):
    groups = ("Reflect(1)", "Reflect(3)", "Reflect(3, 1)")


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flips_its_axis_half_of_the_time(axis):
    drawn = elements(Reflect(3, axis), 4000)
    diagonal = drawn.diagonal(dim1=1, dim2=2)
    assert torch.equal(drawn, torch.diag_embed(diagonal))
    assert diagonal.prod(1).mean().abs() < 0.06
    others = [i for i in range(3) if i != axis]
    assert (diagonal[:, others] == 1).all()


@pytest.mark.parametrize("axis", [-1, 3])
def test_bad_axis(axis):
    with pytest.raises(ValueError, match=rf"needs an axis from 0 to 2; got {axis}"):
        Reflect(3, axis)
