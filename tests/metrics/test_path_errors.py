"""Errors of paths compared with loops in plain Python, with steps that do not count."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from softsym.metrics.path_errors import ade, fde, min_ade_k, min_fde_k, miss_rate

SINGLE = (ade, fde)
BEST = (min_ade_k, min_fde_k, miss_rate)


def loop(prediction, target, mask, k=None, threshold=2.0):
    """ADE, FDE and miss of each sample, step by step in plain Python; modes on the second axis."""
    actual = []
    for modes, truth, known in zip(prediction, target, mask, strict=True):
        steps = [t for t in range(len(truth)) if known[t]]
        if not steps:
            actual.append((math.nan, math.nan, math.nan))
            continue
        apart = [[math.dist(mode[t], truth[t]) for t in steps] for mode in modes[:k]]
        average = min(sum(row) / len(row) for row in apart)
        final = min(row[-1] for row in apart)
        actual.append((average, final, float(final > threshold)))
    return [np.array(column) for column in zip(*actual, strict=True)]


@st.composite
def scenes(draw):
    n, k, steps, dim = (draw(st.integers(1, most)) for most in (6, 4, 5, 3))
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    mask = generator.random((n, steps)) < draw(st.sampled_from([0.2, 0.7, 1.0]))
    prediction = 2 * generator.standard_normal((n, k, steps, dim))
    target = 2 * generator.standard_normal((n, steps, dim))
    return prediction, target, mask


def with_nan(prediction, target, mask):
    """As tensors, with NaN wherever a step does not count."""
    hidden = ~mask[:, None].repeat(prediction.shape[1], axis=1)
    prediction, target = prediction.copy(), target.copy()
    prediction[hidden], target[~mask] = np.nan, np.nan
    return torch.tensor(prediction), torch.tensor(target), torch.tensor(mask)


@given(scenes(), st.sampled_from([None, 1, 2, 9]))
def test_equals_a_loop_over_modes_and_steps(scene, k):
    prediction, target, mask = with_nan(*scene)
    average, final, missed = loop(*scene, k)
    for ours, theirs in (
        (min_ade_k(prediction, target, mask, k), average),
        (min_fde_k(prediction, target, mask, k), final),
        (miss_rate(prediction, target, mask, k=k), missed),
    ):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-12)


@given(scenes())
def test_one_mode_is_the_plain_error(scene):
    prediction, target, mask = with_nan(*scene)
    for plain, best in ((ade, min_ade_k), (fde, min_fde_k)):
        theirs = best(prediction, target, mask, k=1)
        torch.testing.assert_close(
            plain(prediction[:, 0], target, mask), theirs, rtol=0, atol=0, equal_nan=True
        )
    flat = miss_rate(prediction[:, 0], target, mask)
    torch.testing.assert_close(flat, miss_rate(prediction[:, :1], target, mask), equal_nan=True)


@given(scenes())
def test_no_mask_is_a_mask_of_all(scene):
    prediction, target, mask = (torch.tensor(values) for values in scene)
    every = torch.ones_like(mask)
    for error in BEST:
        torch.testing.assert_close(
            error(prediction, target), error(prediction, target, every), rtol=1e-12, atol=0
        )


def test_equals_the_metrics_of_trajdata():
    pandas = pytest.importorskip("pandas", reason="the extra 'trajectory' is not installed")
    pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")
    from trajdata.simulation import sim_metrics

    generator = np.random.default_rng(3)
    prediction, target = generator.standard_normal((2, 5, 8, 2))
    mask = generator.random((5, 8)) < 0.6
    mask[:, 3] = True
    target[~mask] = np.nan  # pandas leaves out what is NaN
    index = pandas.MultiIndex.from_product([range(5), range(8)], names=["agent_id", "scene_ts"])
    frames = [
        pandas.DataFrame(paths.reshape(-1, 2), index, ["x", "y"]) for paths in (target, prediction)
    ]
    tensors = torch.tensor(prediction), torch.tensor(target), torch.tensor(mask)
    for ours, theirs in ((ade, sim_metrics.ADE()), (fde, sim_metrics.FDE())):
        assert ours(*tensors).tolist() == pytest.approx(list(theirs(*frames).values()), rel=1e-12)


@pytest.mark.parametrize("error", [min_ade_k, min_fde_k])
def test_gradient_does_not_see_what_is_masked(error):
    mask = np.array([[True, True, False], [True, False, False], [False, False, False]])
    draw = np.random.default_rng(0)
    prediction, target, known = with_nan(
        draw.standard_normal((3, 2, 3, 2)), draw.standard_normal((3, 3, 2)), mask
    )
    prediction.requires_grad_()
    error(prediction, target, known)[:2].sum().backward()
    assert torch.isfinite(prediction.grad).all()
    assert prediction.grad[:2].any()
    assert not prediction.grad[:, :, 2].any()


def test_horizon_is_averaged_not_summed():
    target = torch.zeros(1, 30, 2)
    prediction = target + torch.tensor([3.0, 4.0])
    assert ade(prediction, target) == fde(prediction, target) == 5.0
    mask = torch.arange(30)[None] < 7
    assert ade(prediction, target, mask) == 5.0


def test_final_error_is_that_of_the_last_step_that_counts_though_earlier_ones_do_not():
    target = torch.zeros(1, 4, 1)
    prediction = torch.tensor([[[1.0], [2.0], [3.0], [4.0]]])
    mask = torch.tensor([[False, False, True, False]])
    assert fde(prediction, target, mask).tolist() == [3.0]
    assert ade(prediction, target, mask).tolist() == [3.0]


def test_leading_axes_and_dtype_are_kept():
    prediction, target = torch.randn(2, 3, 5, 4, 2), torch.randn(2, 3, 4, 2)
    for error in BEST:
        actual = error(prediction, target, torch.ones(2, 3, 4, dtype=torch.bool))
        assert actual.shape == (2, 3)
        assert actual.dtype == torch.float32
        flat = error(prediction.flatten(0, 1), target.flatten(0, 1))
        torch.testing.assert_close(actual.flatten(), flat)


def test_miss_is_strictly_beyond_the_threshold_of_the_best_mode():
    target = torch.zeros(1, 1, 2)
    prediction = torch.tensor([[[[0.0, 5.0]], [[0.0, 3.0]]]])
    assert miss_rate(prediction, target, threshold=3.0).tolist() == [0.0]
    assert miss_rate(prediction, target, threshold=3.0, k=1).tolist() == [1.0]
    assert miss_rate(prediction, target, threshold=2.9).tolist() == [1.0]


def test_a_diverged_prediction_is_seen_and_missed():
    target = torch.zeros(2, 1, 3, 2)[:, 0]
    prediction = torch.full((2, 1, 3, 2), torch.nan)
    mask = torch.tensor([[True, False, False], [False, False, False]])
    assert miss_rate(prediction, target).tolist() == [1.0, 1.0]
    assert torch.isnan(min_ade_k(prediction, target)).all()
    one, none = miss_rate(prediction, target, mask).tolist()
    assert one == 1.0
    assert math.isnan(none)


@pytest.mark.parametrize("error", SINGLE)
@pytest.mark.parametrize(
    ("prediction", "target", "message"),
    [
        ((3, 4, 2), (3, 5, 2), r"both have the shape .* got \(3, 4, 2\) and \(3, 5, 2\)"),
        ((3, 1, 4, 2), (3, 4, 2), r"both have the shape \(\.\.\., steps, dim\)"),
        ((4,), (4,), r"got \(4,\) and \(4,\)"),
        ((3, 0, 2), (3, 0, 2), r"at least one step and one coordinate.*\(3, 0, 2\)"),
        ((3, 2, 0), (3, 2, 0), r"at least one step and one coordinate"),
    ],
)
def test_bad_shapes(error, prediction, target, message):
    with pytest.raises(ValueError, match=message):
        error(torch.zeros(prediction), torch.zeros(target))


@pytest.mark.parametrize("error", BEST)
@pytest.mark.parametrize(
    ("prediction", "target"),
    [
        ((3, 6, 4, 2), (3, 5, 2)),
        ((3, 0, 4, 2), (3, 4, 2)),
        ((1, 3, 6, 4, 2), (3, 4, 2)),
        ((3, 6, 4, 2), (2,)),
    ],
)
def test_bad_shapes_of_modes(error, prediction, target):
    with pytest.raises(ValueError, match=r"\(\.\.\., modes, steps, dim\) with at least one mode"):
        error(torch.zeros(prediction), torch.zeros(target))


@pytest.mark.parametrize("error", [min_ade_k, min_fde_k])
def test_a_lone_path_is_told_how_to_become_a_mode(error):
    with pytest.raises(ValueError, match=r"prediction\.unsqueeze\(-3\)"):
        error(torch.zeros(3, 4, 2), torch.zeros(3, 4, 2))


@pytest.mark.parametrize("error", [*SINGLE, *BEST])
@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.ones(3, 4), r"mask must be of torch.bool .*got torch.float32"),
        (torch.ones(3, 4, 2, dtype=torch.bool), r"with the shape \(3, 4\).*shape \(3, 4, 2\)"),
    ],
)
def test_bad_mask(error, mask, message):
    shape = (3, 4, 2) if error in SINGLE else (3, 1, 4, 2)
    with pytest.raises(ValueError, match=message):
        error(torch.zeros(shape), torch.zeros(3, 4, 2), mask)


@pytest.mark.parametrize("error", BEST)
def test_no_mode(error):
    with pytest.raises(ValueError, match=r"k must be a whole number of at least 1, or None.*got 0"):
        error(torch.zeros(3, 1, 4, 2), torch.zeros(3, 4, 2), k=0)


@pytest.mark.parametrize("threshold", [-0.1, math.nan, math.inf])
def test_bad_threshold(threshold):
    with pytest.raises(ValueError, match="threshold must be a distance in metres of at least 0"):
        miss_rate(torch.zeros(3, 4, 2), torch.zeros(3, 4, 2), threshold=threshold)
