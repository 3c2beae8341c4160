"""Groups of space-time keep the form diag(-1, 1, 1, 1)."""

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import group


class TestLorentz(GroupSuite):
    groups = ("SO13p", "SO13", "O13", "Lorentz", "SO11p", "O11", "Parity", "TimeReversal")


@pytest.mark.parametrize("name", TestLorentz.groups)
def test_keeps_the_form(name):
    g = elements(group(name), 30)
    eta = torch.ones(g.shape[-1], dtype=torch.float64)
    eta[0] = -1.0
    form = torch.diag(eta)
    torch.testing.assert_close(g.mT @ form @ g, form.expand_as(g), atol=1e-8, rtol=1e-8)


def test_parts_of_the_lorentz_group():
    det = {name: set(torch.linalg.det(elements(group(name), 60)).round().tolist()) for name in
           ("SO13p", "SO13", "O13")}  # fmt: skip
    assert det == {"SO13p": {1.0}, "SO13": {1.0}, "O13": {1.0, -1.0}}
    assert (elements(group("SO13p"), 60)[:, 0, 0] >= 1).all()
    assert (elements(group("SO13"), 60)[:, 0, 0] <= -1).any()
    assert group("Lorentz") == group("O13")
