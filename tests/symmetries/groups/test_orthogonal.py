"""SO(n) and O(n): Haar measure, determinants."""

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import SO, O


class TestSO(GroupSuite):
    groups = ("SO(1)", "SO(2)", "SO(3)", "SO(4)")


class TestO(GroupSuite):
    groups = ("O(1)", "O(2)", "O(3)")


def test_determinants():
    assert torch.allclose(torch.linalg.det(elements(SO(3), 200)), torch.ones(200).double())
    signs = torch.linalg.det(elements(O(3), 4000))
    assert torch.allclose(signs.abs(), torch.ones(4000).double())
    assert abs(float(signs.mean())) < 0.06


@pytest.mark.parametrize("G", [SO(3), O(3)], ids=str)
def test_haar_moments(G):
    n = 30_000
    drawn = elements(G, n).flatten(1)
    second = drawn.T @ drawn / n
    # E[g_ij g_kl] = delta_ik delta_jl / 3; an entry's standard error is below 0.002
    torch.testing.assert_close(second, torch.eye(9).double() / 3, atol=0.01, rtol=0)
    assert float(drawn.mean(0).abs().max()) < 0.02
    trace = drawn[:, ::4].sum(1)
    assert float(trace.square().mean()) == pytest.approx(1.0, abs=0.05)
    assert float(trace.pow(4).mean()) == pytest.approx(3.0, abs=0.25)


def test_turns_of_the_plane_are_uniform():
    drawn = elements(SO(2), 20_000)
    angle = torch.atan2(drawn[:, 1, 0], drawn[:, 0, 0])
    for k in (1, 2, 3, 4):
        assert float((k * angle).cos().mean().abs()) < 0.03
