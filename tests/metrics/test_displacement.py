"""Displacement errors against a plain reference, in one process and in two."""

import math

import pytest
import torch
import torch.multiprocessing as mp
from torch import distributed

from metrics.displacement import (
    AverageDisplacementError,
    FinalDisplacementError,
    displacement_errors,
)

METRICS = (AverageDisplacementError, FinalDisplacementError)


def reference(prediction, target, dim):
    """Errors by loops over samples and steps, in double precision."""
    rows = []
    for one, other in zip(prediction.double().tolist(), target.double().tolist(), strict=True):
        rows.append(
            [math.dist(one[i : i + dim], other[i : i + dim]) for i in range(0, len(one), dim)]
        )
    distances = torch.tensor(rows, dtype=torch.float64)
    return distances.mean(dim=1), distances[:, -1]


def pairs(count=50, steps=12, dim=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, count, steps * dim, generator=generator).unbind()


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_the_reference(dim, dtype):
    prediction, target = (values.to(dtype) for values in pairs(dim=dim))
    for ours, theirs in zip(
        displacement_errors(prediction, target, dim),
        reference(prediction, target, dim),
        strict=True,
    ):
        assert ours.dtype == dtype
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=1e-6)


def test_ade_is_a_mean_over_the_horizon_not_a_sum():
    target = torch.zeros(1, 24)
    ade, fde = displacement_errors(target + torch.tensor([3.0, 4.0]).repeat(12), target, 2)
    assert (float(ade), float(fde)) == (5.0, 5.0)


def test_does_not_change_under_rotation():
    prediction, target = pairs()
    angle = torch.tensor(0.7)
    turn = torch.stack(
        [torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])]
    )
    turned = [(v.unflatten(1, (-1, 2)) @ turn.T).flatten(1) for v in (prediction, target)]
    torch.testing.assert_close(
        displacement_errors(*turned, 2), displacement_errors(prediction, target, 2)
    )


@pytest.mark.parametrize("metric", METRICS)
def test_batches_of_unequal_size_weigh_by_their_samples(metric):
    prediction, target = pairs()
    ade, fde = reference(prediction, target, 2)
    accumulated = metric(dim=2)
    for chosen in (slice(0, 3), slice(3, 40), slice(40, 40), slice(40, 50)):
        accumulated.update(prediction[chosen], target[chosen])
    expected = ade.mean() if metric is AverageDisplacementError else fde.mean()
    torch.testing.assert_close(accumulated.compute().double(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_reset_and_no_sample(metric):
    fresh = metric(dim=2)
    fresh.update(*pairs())
    fresh.reset()
    fresh.update(torch.zeros(0, 24), torch.zeros(0, 24))
    assert torch.isnan(fresh.compute())


def rank_of_two(rank, meeting, results):
    """Rank 0 has no sample of the second batch; both must know the mean over all samples."""
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    prediction, target = pairs()
    share = slice(0, 7) if rank == 0 else slice(7, 50)
    metrics = [metric(dim=2) for metric in METRICS]
    for metric in metrics:
        metric.update(prediction[share], target[share])
        metric.update(prediction[50 * (1 - rank) :], target[50 * (1 - rank) :])
    results[rank] = [float(metric.compute()) for metric in metrics]
    distributed.destroy_process_group()


def test_two_processes_with_unequal_shares(tmp_path):
    prediction, target = pairs()
    with mp.Manager() as manager:
        results = manager.dict()
        meeting = (tmp_path / "meeting").as_uri()
        mp.spawn(rank_of_two, (meeting, results), nprocs=2)
        results = dict(results)
    # Rank 1 counts all samples a second time.
    twice = torch.cat([torch.arange(50), torch.arange(50)])
    ade, fde = reference(prediction[twice], target[twice], 2)
    for rank in range(2):
        assert results[rank] == pytest.approx([float(ade.mean()), float(fde.mean())], rel=1e-5)


@pytest.mark.parametrize(
    ("prediction", "target", "dim", "message"),
    [
        ((3, 24), (3, 22), 2, r"got \(3, 24\) and \(3, 22\)"),
        ((3, 12, 2), (3, 12, 2), 2, r"both have the shape \(n, steps \* dim\)"),
        ((3, 25), (3, 25), 2, "25 numbers per sample are not whole positions of dim 2"),
        ((3, 0), (3, 0), 2, "0 numbers per sample are not whole positions"),
        ((3, 4), (3, 4), 0, "not whole positions of dim 0"),
    ],
)
def test_bad_shapes(prediction, target, dim, message):
    with pytest.raises(ValueError, match=message):
        displacement_errors(torch.zeros(prediction), torch.zeros(target), dim)


@pytest.mark.parametrize("metric", METRICS)
def test_bad_dim(metric):
    with pytest.raises(ValueError, match="dim must be at least 1"):
        metric(dim=0)
