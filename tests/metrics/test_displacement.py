"""Displacement errors compared with a plain reference, in one process and in two."""

import math
import os

import pytest
import torch
import torch.multiprocessing as mp
from torch import distributed
from torchmetrics import MeanMetric, MetricCollection

from softsym.metrics.displacement import (
    AverageDisplacementError,
    FinalDisplacementError,
    MinAverageDisplacementError,
    MinFinalDisplacementError,
    MissRate,
    displacement_errors,
)

METRICS = (AverageDisplacementError, FinalDisplacementError)
BEST = (MinAverageDisplacementError, MinFinalDisplacementError, MissRate)


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


def modes(count=50, k=3, steps=12, dim=2):
    """Predictions of k modes, targets and masks; a few samples are known at no step."""
    generator = torch.Generator().manual_seed(1)
    prediction = 2 * torch.randn(count, k, steps * dim, generator=generator)
    target = torch.randn(count, steps * dim, generator=generator)
    mask = torch.rand(count, steps, generator=generator) < 0.6
    mask[::7] = False
    target[~mask.repeat_interleave(dim, dim=1)] = torch.nan
    return prediction, target, mask


def expected(metric, prediction, target, mask):
    """Mean over samples by a loop and torchmetrics' own mean."""
    mean = MeanMetric()
    for several, true, known in zip(prediction.double(), target.double(), mask, strict=True):
        if not known.any():
            continue
        rows = several if metric in BEST else several[:1]
        apart = [[math.dist(*pair) for pair in zip(p.view(-1, 2), true.view(-1, 2), strict=True)]
                 for p in rows]  # fmt: skip
        average = min(torch.tensor(row)[known].mean() for row in apart)
        final = min(torch.tensor(row)[known][-1] for row in apart)
        is_average = metric in (AverageDisplacementError, MinAverageDisplacementError)
        mean.update(float(final > 2) if metric is MissRate else average if is_average else final)
    return float(mean.compute())


def given_to(metric, prediction):
    """Metrics of one prediction get the first mode."""
    return prediction if metric in BEST else prediction[:, 0]


@pytest.mark.parametrize("metric", [*METRICS, *BEST])
def test_masked_batches_add_up(metric):
    prediction, target, mask = modes()
    accumulated, one_by_one = metric(dim=2), []
    for chosen in (slice(0, 3), slice(3, 40), slice(40, 40), slice(40, 50)):
        batch = given_to(metric, prediction)[chosen], target[chosen], mask[chosen]
        one_by_one.append(accumulated(*batch))
    total = expected(metric, prediction, target, mask)
    assert float(accumulated.compute()) == pytest.approx(total, rel=1e-5)
    first = expected(metric, prediction[:3], target[:3], mask[:3])
    assert float(one_by_one[0]) == pytest.approx(first, rel=1e-5)
    assert torch.isnan(one_by_one[2])


@pytest.mark.parametrize("metric", BEST)
def test_k_limits_the_modes_and_a_flat_prediction_is_one(metric):
    prediction, target, mask = modes()
    actual = []
    for settings, paths in (
        ({"k": 1}, prediction),
        ({}, prediction[:, 0]),
        ({"k": 9}, prediction),
        ({}, prediction),
    ):
        error = metric(dim=2, **settings)
        error.update(paths, target, mask)
        actual.append(float(error.compute()))
    assert actual[0] == actual[1] > actual[2] == actual[3]


@pytest.mark.parametrize("metric", [*METRICS, *BEST])
def test_diverged_predictions_are_not_left_out(metric):
    error = metric(dim=2)
    error.update(torch.full((2, 4), torch.nan), torch.zeros(2, 4))
    value = float(error.compute())
    assert value == 1.0 if metric is MissRate else math.isnan(value)


@pytest.mark.parametrize("metric", METRICS)
def test_training_on_it(metric):
    prediction, target, mask = modes()
    prediction.requires_grad_()
    metric(dim=2)(prediction[:, 0], target, mask).backward()
    assert torch.isfinite(prediction.grad).all()
    assert prediction.grad.any()


def test_metrics_that_agree_on_a_batch_stay_apart_in_a_collection():
    together = MetricCollection(
        {
            "ade": AverageDisplacementError(2),
            "fde": FinalDisplacementError(2),
            "near": MissRate(2, threshold=1.0),
            "far": MissRate(2, threshold=9.0),
            "best": MissRate(2, threshold=1.0, k=1),
        }
    )
    zero = torch.zeros(1, 4)
    together.update(zero, zero)
    together.update(torch.tensor([[0.0, 0.0, 3.0, 4.0]]), zero)
    actual = {name: float(value) for name, value in together.compute().items()}
    assert actual == {"ade": 1.25, "fde": 2.5, "near": 0.5, "far": 0.0, "best": 0.5}


def rank_of_two(rank, meeting, folder):
    """Rank 0 has no sample of the second batch; both must know the mean over all samples."""
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    prediction, target, mask = modes()
    share = slice(0, 7) if rank == 0 else slice(7, 50)
    actual = []
    for kind in (*METRICS, *BEST):
        metric, paths = kind(dim=2), given_to(kind, prediction)
        metric.update(paths[share], target[share], mask[share])
        rest = slice(50 * (1 - rank), None)
        metric.update(paths[rest], target[rest], mask[rest])
        actual.append(float(metric.compute()))
    torch.save(actual, f"{folder}/{rank}.pt")
    distributed.barrier()
    # taking gloo's threads down can wait for Python, which waits for them
    os._exit(0)


def test_two_processes_with_unequal_shares(tmp_path):
    mp.start_processes(
        rank_of_two, ((tmp_path / "meeting").as_uri(), str(tmp_path)), nprocs=2, start_method="fork"
    )
    # Rank 1 counts all samples a second time.
    twice = [torch.cat([values, values]) for values in modes()]
    wanted = [expected(metric, *twice) for metric in (*METRICS, *BEST)]
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}.pt") == pytest.approx(wanted, rel=1e-5)


def rank_without_any(rank, meeting, folder):
    """Rank 0 never has a sample, and none of those of rank 1's second batch is known."""
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    prediction, target, mask = (values[: 50 * rank] for values in modes())
    actual = []
    for kind in (*METRICS, *BEST):
        metric, paths = kind(dim=2), given_to(kind, prediction)
        metric.update(paths, target, mask)
        metric.update(paths, target, torch.zeros_like(mask))
        actual.append(float(metric.compute()))
    torch.save(actual, f"{folder}/{rank}.pt")
    distributed.barrier()
    os._exit(0)


def test_a_process_without_samples(tmp_path):
    mp.start_processes(
        rank_without_any,
        ((tmp_path / "meeting").as_uri(), str(tmp_path)),
        nprocs=2,
        start_method="fork",
    )
    wanted = [expected(metric, *modes()) for metric in (*METRICS, *BEST)]
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}.pt") == pytest.approx(wanted, rel=1e-5)


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
def test_bad_shapes_of_a_metric(metric):
    with pytest.raises(
        ValueError, match=r"both have the shape \(n, steps \* dim\); got \(3, 1, 4\)"
    ):
        metric(dim=2).update(torch.zeros(3, 1, 4), torch.zeros(3, 4))
    with pytest.raises(ValueError, match=r"mask must be of torch.bool with the shape \(3, 2\)"):
        metric(dim=2).update(torch.zeros(3, 4), torch.zeros(3, 4), torch.ones(3, 4))


@pytest.mark.parametrize("metric", BEST)
@pytest.mark.parametrize("prediction", [(3, 2, 6), (3, 0, 4), (4, 2, 4), (3, 1, 2, 2), (3, 6), ()])
def test_bad_shapes_of_modes(metric, prediction):
    with pytest.raises(ValueError, match=r"must have the shape \(n, modes, steps \* dim\) with"):
        metric(dim=2).update(torch.zeros(prediction), torch.zeros(3, 4))


@pytest.mark.parametrize("metric", BEST)
def test_bad_k(metric):
    with pytest.raises(ValueError, match=r"k must be a whole number of at least 1, or None.*got 0"):
        metric(dim=2, k=0)


def test_bad_threshold():
    with pytest.raises(ValueError, match=r"threshold must be a distance in metres .*; got -1"):
        MissRate(dim=2, threshold=-1)


@pytest.mark.parametrize("metric", [*METRICS, *BEST])
def test_bad_dim(metric):
    with pytest.raises(ValueError, match="dim must be at least 1"):
        metric(dim=0)
