"""The trivial group: everything is equivariant."""

import torch
from compliance.groups import GroupSuite

from softsym.symmetries import Trivial, equivariant_projector, rep


class TestTrivial(GroupSuite):
    groups = ("Trivial(1)", "Trivial(3)")


def test_keeps_everything():
    projector = equivariant_projector(Trivial(2), rep("T1 + T(1,1)"))
    assert torch.equal(projector, torch.eye(6, dtype=torch.float64))
