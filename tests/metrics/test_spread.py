"""Errors relative to the spread: units, offsets, batches and processes change nothing."""

import math
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import distributed
from torch import multiprocessing as mp

from softsym.metrics import EquivarianceError, LocalEquivarianceError, equivariance_error
from softsym.metrics.spread import merged, moments, relative_to_spread
from softsym.symmetries import group, project, rep

few = settings(max_examples=25, deadline=None)
units = st.floats(1e-6, 1e6)
spreads = st.floats(-1e6, 1e6)


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


X = normal(300, 3)


def bent(x):
    """Its part |x|^2 is kept by every rotation, and its coordinate by those about z."""
    return x.square().sum(1, keepdim=True) + 2 * x[:, 2:]


def bent_tensor(x):
    """The tensor x x^T with its z axis stretched."""
    x = x * x.new_tensor([1.0, 1.0, 1.5])
    return (x[:, :, None] * x[:, None, :]).flatten(1)


DIRECTIONS = {
    name: (
        project(name, "T2", normal(9, seed=1)),
        equivariance_error(bent_tensor, "T1", "T2", name, X),
    )
    for name in ("O(3)", "O(2)@xy", "Reflect(3)")
}
"""Group -> an invariant tensor, and the error of ``bent_tensor``."""


@few
@given(units, spreads)
def test_units_and_offsets_of_invariant_outputs_change_nothing(unit, offset):
    plain = equivariance_error(bent, "T1", "T0", "SO(3)", X)
    moved = equivariance_error(lambda x: unit * (bent(x) + offset), "T1", "T0", "SO(3)", X)
    assert moved == pytest.approx(plain, rel=1e-6)


@few
@given(units, spreads, st.sampled_from(list(DIRECTIONS)))
def test_an_offset_in_any_invariant_direction_changes_nothing(unit, offset, name):
    G, (direction, plain) = group(name), DIRECTIONS[name]
    f = lambda x: unit * (bent_tensor(x) + offset * direction)  # noqa: E731
    assert equivariance_error(f, "T1", "T2", G, X) == pytest.approx(plain, rel=1e-6, abs=1e-9)


def test_an_offset_that_the_group_moves_counts():
    f = lambda x: x + 100  # noqa: E731
    assert 0.7 < equivariance_error(f, "T1", "T1", "SO(3)", X) < 1.3


@few
@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), spreads)
def test_is_the_known_relative_break(kept, broken, offset):
    """Of a |x|^2 + b z + c: b over the root of 6 a^2 + b^2, the variance for normal inputs."""
    size = math.hypot(math.sqrt(6) * kept, broken)
    f = lambda x: kept * x.square().sum(1, keepdim=True) + broken * x[:, 2:] + offset * size  # noqa: E731
    actual = equivariance_error(f, "T1", "T0", "O(3)", normal(20_000, 3))
    assert actual == pytest.approx(abs(broken) / size if size else 0.0, abs=0.02)


@pytest.mark.parametrize(("name", "error"), [("O(3)", math.sqrt(4 / 10)), ("SO(2)@xy", 0.0)])
@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_single_precision_tells_breaks_apart_under_offsets(name, error, offset):
    x = normal(5000, 3).float()
    actual = equivariance_error(lambda x: bent(x) + offset, "T1", "T0", name, x)
    assert actual == pytest.approx(error, abs=0.04)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_that_rounding_varies_is_equivariant(dtype):
    constant = lambda x: (x / x.norm(dim=1, keepdim=True)).norm(dim=1, keepdim=True)  # noqa: E731
    assert equivariance_error(constant, "T1", "T0", "O(3)", X.to(dtype)) < 1e-6


@few
@given(st.lists(st.integers(0, 80), min_size=1, max_size=6), spreads, st.randoms())
def test_moments_in_parts_are_those_at_once(lengths, offset, random):
    n = sum(lengths) + 1
    squares, y, varied = normal(n, 4).square(), normal(n, 4, seed=1) + offset, normal(n, 4, seed=2)
    split = (values.split([*lengths, 1]) for values in (squares, y, varied))
    parts = list(zip(*split, strict=True))
    random.shuffle(parts)
    filled = torch.stack([moments(*part) for part in parts if len(part[0])])
    at_once = moments(squares, y, varied)
    torch.testing.assert_close(merged(filled), at_once, rtol=1e-9, atol=1e-6)
    for name in ("O(3)", "Scaling(3)"):
        ratios = [
            relative_to_spread(m, group(name), rep("T0 + T1")) for m in (merged(filled), at_once)
        ]
        assert float(ratios[0]) == pytest.approx(float(ratios[1]), rel=1e-7)


METRICS = (EquivarianceError, LocalEquivarianceError)
TYPES = "T1", "T0", "SO(3)"


def offset_bent(x):
    return bent(x) + 1e6


def test_a_call_returns_the_error_of_its_batch():
    for kind in METRICS:
        metric, alone = kind(*TYPES), kind(*TYPES)
        for part in X.split(100):
            value = metric(offset_bent, part)
            alone.reset()
            alone.update(offset_bent, part)
            assert value == pytest.approx(float(alone.compute()), rel=1e-6)


def rank_of_two(rank, meeting, folder):
    """Unequal shares; rank 0 has no sample of the second batch."""
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    shares = (X[:40], X[:0]) if rank == 0 else (X[40:90], X[90:])
    errors = []
    for kind in METRICS:
        metric = kind(*TYPES)
        for share in shares:
            metric.update(offset_bent, share)
        errors.append(float(metric.compute()))
    torch.save(errors, f"{folder}/{rank}.pt")
    distributed.barrier()
    # taking gloo's threads down can wait for Python, which waits for them
    os._exit(0)


def test_two_processes_equal_one(tmp_path):
    expected = []
    for kind in METRICS:
        parts = [kind(*TYPES), kind(*TYPES)]
        for metric, shares in zip(parts, ((X[:40],), (X[40:90], X[90:])), strict=True):
            for share in shares:
                metric.update(offset_bent, share)
        expected.append(
            float(
                relative_to_spread(
                    merged(torch.stack([m.sums for m in parts])), group("SO(3)"), rep("T0")
                )
            )
        )
    at_once = LocalEquivarianceError(*TYPES)
    at_once.update(offset_bent, X)
    assert expected[1] == pytest.approx(float(at_once.compute()), rel=1e-6)
    mp.start_processes(
        rank_of_two, ((tmp_path / "meeting").as_uri(), str(tmp_path)), nprocs=2, start_method="fork"
    )
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}.pt") == pytest.approx(expected, rel=1e-12)
