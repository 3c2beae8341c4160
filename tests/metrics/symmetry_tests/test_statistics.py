"""p-values and bounds, against their definitions and by simulation."""

import math
from dataclasses import replace

import pytest
import torch

from softsym.metrics.symmetry_tests.statistics import (
    Held,
    Projected,
    clustered_mean,
    cross_fitted_mean,
    explained,
    numbers,
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def test_without_clusters_the_error_is_that_of_a_mean():
    values = normal(500)
    mean = clustered_mean(values, torch.arange(500))
    assert mean.value == pytest.approx(float(values.mean()))
    assert mean.error == pytest.approx(float(values.std()) / math.sqrt(500))


def test_repeated_samples_in_clusters_count_once():
    values = normal(100)
    repeated = clustered_mean(values.repeat_interleave(5), torch.arange(100).repeat_interleave(5))
    assert repeated.error == pytest.approx(clustered_mean(values, torch.arange(100)).error)


def test_errors_of_folds_add_as_if_they_were_the_same():
    values, rows = normal(200), torch.arange(200)
    held = Held(values[:, None], values[:, None], rows, rows % 2)
    parts = [clustered_mean(values[rows % 2 == k], torch.arange(100)).error for k in (0, 1)]
    assert cross_fitted_mean(values, held).error == pytest.approx(sum(parts) / 2)


def test_bounds_hold_the_truth_about_a_known_break():
    """y = s + b t + noise with s even and t odd; the group flips the sign."""
    s, t, noise = normal(4000, seed=1), normal(4000, seed=2), normal(4000, seed=3)
    y = (s + 0.3 * t + 0.5 * noise)[:, None]
    f = (0.9 * s + 0.2 * t)[:, None]  # a predictor that is off
    q = (0.9 * s)[:, None]
    found = numbers(Held(y, f, torch.arange(4000)), Projected((q, q), (q, q)), 0.0, 0.05)
    truth = 0.3 / float(y.std())
    assert found.p < 1e-20
    assert 0.8 * truth < found.lower <= truth <= found.upper
    assert found.estimate == pytest.approx(truth, rel=0.1)
    known = numbers(Held(y, f, torch.arange(4000)), Projected((q, q), (q, q)), 0.25, 0.05)
    assert truth <= known.upper < found.upper


def test_the_share_of_symmetrising_is_one_for_an_exact_symmetry_and_small_for_a_broken_one():
    s, t, spurious = normal(4000, seed=1), normal(4000, seed=2), normal(4000, seed=3)
    f, q = (s + 0.2 * spurious)[:, None], s[:, None]
    exact = numbers(Held(s[:, None], f, torch.arange(4000)), Projected((q, q), (q, q)), 0.0, 0.05)
    assert exact.alpha == pytest.approx(1.0, abs=0.1)
    broken = numbers(
        Held((s + t)[:, None], (s + t)[:, None], torch.arange(4000)),
        Projected((q, q), (q, q)),
        0.0,
        0.05,
    )
    assert broken.alpha == pytest.approx(0.0, abs=0.1)


def test_rounding_is_no_break():
    y, f = normal(300, 1), normal(300, 1, seed=5)
    q = f * (1 + 1e-15)
    found = numbers(Held(y, f, torch.arange(300)), Projected((q, q), (q, q)), 0.0, 0.05)
    assert (found.p, found.lower, found.estimate) == (1.0, 0.0, 0.0)
    assert math.isnan(found.alpha)


def test_explained_variance_and_its_interval():
    y = normal(2000, 2)
    held = Held(y, y + 0.5 * normal(2000, 2, seed=9), torch.arange(2000))
    _, low, high = explained(held)
    assert low < 0.75 < high
    assert high - low < 0.06
    assert explained(Held(y, normal(2000, 2, seed=4), torch.arange(2000)))[2] < 0


def test_what_rounding_may_leave_is_no_break():
    s, t = normal(4000, seed=1), normal(4000, seed=2)
    ps = []
    for size in (5e-5, 5e-4):
        y, q = (s + size * t)[:, None], s[:, None]
        held = Held(y, y, torch.arange(4000))
        ps.append(numbers(held, Projected((q, q), (q, q)), 0.0, 0.05).p)
    assert ps[0] > 0.5
    assert ps[1] < 1e-20


def test_what_errors_of_the_weights_may_cause_is_no_evidence():
    """h and Qf are both off by a little of the same equivariant function."""
    s, t, u = normal(20_000, seed=1), normal(20_000, seed=2), normal(20_000, seed=3)
    y, f = s[:, None], (s + 0.3 * t)[:, None]
    h, q = (s - 0.2 * u)[:, None], (s - 0.002 * u)[:, None]
    held = Held(y, f, torch.arange(20_000))
    careless = numbers(held, Projected((h, h), (q, q)), 0.0, 0.05)
    careful = numbers(held, Projected((h, h), (q, q), allowance=0.01), 0.0, 0.05)
    assert careful.p > careless.p
    assert careful.lower <= careless.lower
    assert careful.estimate == careless.estimate


def test_the_least_of_several_upper_bounds_counts():
    s, t, noise = normal(4000, seed=1), normal(4000, seed=2), normal(4000, seed=3)
    y, q = (s + 0.3 * t + 0.1 * noise)[:, None], (0.5 * s)[:, None]
    h = s[:, None]
    made = Projected((q, q), (q, q))
    held = Held(y, (0.5 * s + 0.3 * t)[:, None], torch.arange(4000))
    of_q, of_h, both = (
        numbers(held, replace(made, close=close), 0.0, 0.05).upper
        for close in ((), ((h, h),), ((q, q), (h, h)))
    )
    truth = 0.3 / float(y.std())
    assert truth < of_h < both < 1.02 * of_h < of_q
