"""Errors over what was observed: the same as of the observed part alone."""

import pytest
import torch

from softsym.metrics import (
    AverageDisplacementError,
    FinalDisplacementError,
    MissRate,
    ObservedMSELoss,
    ObservedSquaredError,
)


@pytest.fixture
def paths():
    """Predictions and targets of 5 paths of 4 steps; how many steps of each are observed."""
    draw = torch.Generator().manual_seed(0)
    prediction, target = torch.randn(2, 5, 8, generator=draw)
    observed = [4, 1, 3, 2, 4]
    for row, count in zip(target, observed, strict=True):
        row[2 * count :] = torch.nan
    return prediction, target, observed


def test_the_loss_is_that_of_the_observed_part(paths):
    prediction, target, observed = paths
    prediction.requires_grad_()
    loss = ObservedMSELoss()(prediction, target)
    pairs = zip(prediction, target, observed, strict=True)
    parts = [(p[: 2 * n] - y[: 2 * n]).square() for p, y, n in pairs]
    torch.testing.assert_close(loss, torch.cat(parts).mean())
    loss.backward()
    assert torch.isfinite(prediction.grad).all()
    assert not prediction.grad[target.isnan()].any()


def test_without_gaps_they_are_the_usual_ones(paths):
    prediction, target = paths[0], torch.zeros(5, 8)
    usual = torch.nn.MSELoss()(prediction, target)
    torch.testing.assert_close(ObservedMSELoss()(prediction, target), usual)
    torch.testing.assert_close(ObservedSquaredError()(prediction, target), usual)


@pytest.mark.parametrize("metric", [AverageDisplacementError, FinalDisplacementError, MissRate])
def test_displacement_errors_count_observed_steps_alone(metric, paths):
    prediction, target, _ = paths
    by_mask = metric(2)
    by_mask.update(prediction, target, ~target.unflatten(1, (4, 2)).isnan().any(-1))
    alone = metric(2)
    alone.update(prediction, target)
    assert torch.isfinite(alone.compute())
    assert torch.equal(alone.compute(), by_mask.compute())


def test_the_squared_error_over_batches(paths):
    prediction, target, _ = paths
    error = ObservedSquaredError()
    for rows in (slice(0, 2), slice(2, 5)):
        error.update(prediction[rows], target[rows])
    torch.testing.assert_close(error.compute(), ObservedMSELoss()(prediction, target))
