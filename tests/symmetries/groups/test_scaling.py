"""Scaling(n): positive multiples of the identity."""

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import Scaling


class TestScaling(GroupSuite):
    groups = ("Scaling(1)", "Scaling(2)", "Scaling(3)")


def test_samples_are_positive_multiples_of_one():
    drawn = elements(Scaling(3), 3000)
    factor = drawn[:, 0, 0]
    assert factor.min() > 0
    torch.testing.assert_close(drawn, factor[:, None, None] * torch.eye(3).double())
    assert float(factor.log().std()) == pytest.approx(0.5, abs=0.04)


def test_not_orthogonal():
    assert not Scaling(2).is_orthogonal
