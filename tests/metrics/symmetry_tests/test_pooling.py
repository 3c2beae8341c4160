"""Tests with several seeds give one verdict, which is as sure as the median of them."""

import math

import pytest
import torch

from softsym.metrics import Verdict, symmetry_test
from softsym.metrics.symmetry_tests.pooling import pooled_verdict


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(300, 3, generator=generator).double()
    return x, x.square().sum(1) + 2 * x[:, 0] + torch.randn(300, generator=generator).double()


def test_medians_at_half_the_level(data):
    groups = ["O(2)@yz", "O(2)@xy"]
    single = [symmetry_test(*data, groups, "T1", "T0", seed=5 + k, level=0.025) for k in range(3)]
    pooled = symmetry_test(*data, groups, "T1", "T0", seed=5, seeds=3)
    for name in groups:
        ps = sorted(test[name].p for test in single)
        assert pooled[name].p == pytest.approx(min(1.0, 2 * ps[1]), abs=1e-12)
        for bound in ("lower", "upper", "estimate"):
            values = sorted(getattr(test[name], bound) for test in single)
            assert getattr(pooled[name], bound) == values[1]
    assert pooled["O(2)@xy"].verdict.startswith("broken by")
    assert "broken in 3 of 3 seeds, with estimates from" in pooled["O(2)@xy"].note
    assert pooled.settings["seed"] == [5, 6, 7]
    assert pooled.settings["level"] == 0.05


def test_progress_runs_to_the_end_once(data):
    shares = []
    symmetry_test(*data, ["O(2)@yz"], "T1", "T0", seeds=2, on_step=lambda _, s: shares.append(s))
    assert shares == [0.0, 0.5]


def test_number_of_seeds_is_checked(data):
    with pytest.raises(ValueError, match="seeds must be a whole number of at least 1; got 0"):
        symmetry_test(*data, ["O(2)@yz"], "T1", "T0", seeds=0)


def test_of_an_even_number_the_more_careful_middle_counts():
    sure = Verdict("G", 1e-9, 0.17, 0.39, 0.25, "broken", "", 50, 50, 1e-9)
    kept = Verdict("G", 0.4, 0.0, 0.03, 0.01, "holds", "", 50, 50, 0.4)
    both = pooled_verdict([sure, kept], 0.05, 0.05)
    assert (both.p, both.lower, both.upper) == (0.8, 0.0, 0.39)
    assert both.verdict.startswith("undecided, at most 39%")


def test_what_was_not_tested_stays_unknown():
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(0)).double()
    found = symmetry_test(x, x.square().sum(1), ["SL(2)"], "T1", "T0", seeds=2)["SL(2)"]
    assert math.isnan(found.inputs_p)
