"""SL(n) and GL(n)."""

import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import GL, SL


class TestSL(GroupSuite):
    groups = ("SL(1)", "SL(2)", "SL(3)")


class TestGL(GroupSuite):
    groups = ("GL(1)", "GL(2)", "GL(3)")


def test_determinants():
    assert torch.allclose(torch.linalg.det(elements(SL(3), 100)), torch.ones(100).double())
    general = torch.linalg.det(elements(GL(3), 400))
    assert general.min() < 0 < general.max()


def test_dimension_of_the_algebras():
    assert len(GL(3).lie_algebra) == 9
    assert int(torch.linalg.matrix_rank(SL(3).lie_algebra.flatten(1))) == 8
