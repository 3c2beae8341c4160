"""Where no moved input lies among inputs, no sample can speak against a symmetry."""

import pytest
import torch

from softsym.metrics import symmetry_test
from softsym.metrics.symmetry_tests.overlap import FEWEST, share_among


def normal(n, size, seed=0):
    return torch.randn(n, size, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("seed", range(3))
def test_a_group_that_moves_inputs_away_gets_no_verdict(seed):
    x = 0.3 * normal(300, 2, seed) + torch.tensor([3.0, 0.0])
    y = x[:, 1] + 0.1 * normal(300, 1, seed + 9)[:, 0]
    found = symmetry_test(x, y, ["C(4)", "Reflect(2, 1)"], "T1", "T0", seed=seed)
    assert found["C(4)"].verdict.startswith("no verdict: C(4) moves inputs away from all others")
    # x2 changes its sign under the reflection, which keeps inputs where they are
    assert found["Reflect(2, 1)"].verdict.startswith("broken")


def test_inputs_whose_law_is_invariant_meet_their_moved_copies():
    x = normal(500, 9)
    assert share_among(x, -x, torch.arange(500)) > 0.4
    assert share_among(x, -x, torch.arange(500) // 5) > 0.4
    assert share_among(x, x, torch.arange(500)) == 1.0


def test_some_overlap_is_enough_and_a_common_border_is_not():
    x = normal(500, 2)
    x[:, 0] = x[:, 0].abs()
    mirror = torch.tensor([-1.0, 1.0])
    assert share_among(x, x * mirror, torch.arange(500)) < FEWEST
    x[::5] = x[::5] * mirror
    assert FEWEST < share_among(x, x * mirror, torch.arange(500)) < 0.4


def test_near_copies_do_not_set_the_scale():
    x = normal(100, 2).repeat_interleave(5, 0) + 1e-6 * normal(500, 2, 1)
    assert share_among(x, -x, torch.arange(500)) > 0.4
    assert share_among(x, -x, torch.arange(500) // 5) > 0.4
