"""Sp(m) keeps the form of phase space."""

import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import Sp


class TestSp(GroupSuite):
    groups = ("Sp(1)", "Sp(2)")


def test_keeps_the_form():
    one, zero = torch.eye(2, dtype=torch.float64), torch.zeros(2, 2, dtype=torch.float64)
    form = torch.cat([torch.cat([zero, one], 1), torch.cat([-one, zero], 1)])
    g = elements(Sp(2), 20)
    torch.testing.assert_close(g.mT @ form @ g, form.expand_as(g), atol=1e-8, rtol=1e-8)
    assert len(Sp(2).lie_algebra) == 10
