"""The equivariance error compared with a loop, for kept and for broken symmetries."""

import math
import pickle

import pytest
import torch
from compliance.groups import elements

from softsym.metrics import (
    EquivarianceError,
    LocalEquivarianceError,
    equivariance_error,
    equivariance_error_by_block,
    local_equivariance_error,
)
from softsym.networks import MLP
from softsym.symmetries import group, project, rep


def inputs(n=200, width=3, dtype=torch.float32):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(0)).to(dtype)


def norm_squared(x):
    return x.square().sum(1, keepdim=True)


def first_coordinate(x):
    return x[:, :1]


def by_loop(f, rep_in, rep_out, G, x, seed):
    """Difference and size of the outputs, one sample at a time."""
    actual = []
    for row, g in zip(x, elements(G, len(x), seed), strict=True):
        moved_first = f((rep_in.rho(g) @ row.double()).to(x.dtype)[None])[0].double()
        moved_last = rep_out.rho(g) @ f(row[None])[0].double()
        sizes = moved_first.norm() + moved_last.norm()
        actual.append((float((moved_first - moved_last).norm()), float(sizes)))
    return zip(*actual, strict=True)


@pytest.mark.parametrize("name", ["O(3)", "Scaling(3)", "O(2)@yz", "GL(3)"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_the_definition(name, dtype):
    G, rep_in, rep_out = group(name), rep("T1"), rep("T0 + T(1,1)")
    network = MLP(rep_in, rep_out, dim=3, channels=8).to(dtype).requires_grad_(False)
    x = inputs(20, dtype=dtype)
    differences, sizes = by_loop(network, rep_in, rep_out, G, x, seed=4)
    ratios = [d / s for d, s in zip(differences, sizes, strict=True)]
    outputs = network(x).double()
    about = outputs - project(G, rep_out, outputs.mean(0))
    squares = sum(d**2 for d in differences) / 2
    expected = {
        "spread": math.sqrt(squares / float(about.square().sum())),
        "sizes": sum(differences) / sum(sizes),
        "paper": sum(ratios) / len(ratios),
    }
    actual = {
        to: equivariance_error(network, rep_in, rep_out, G, x, seed=4, relative_to=to)
        for to in expected
    }
    assert actual == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("f", "rep_out", "kept"),
    [
        (norm_squared, "T0", ["O(3)", "SO(3)", "O(2)@xy", "Reflect(3)"]),
        (lambda x: 3 * x, "T1", ["GL(3)", "Scaling(3)", "O(3)", "O(2)@xz"]),
        (lambda x: (x[:, :, None] * x[:, None, :]).flatten(1), "T2", ["GL(3)", "O(3)"]),
        (lambda x: x[:, 2:], "T0", ["O(2)@xy", "C(4)@xy"]),
        (lambda x: torch.zeros(len(x), 3), "T1", ["O(3)"]),
    ],
)
def test_exactly_equivariant_functions_have_none(f, rep_out, kept):
    for name in kept:
        assert equivariance_error(f, "T1", rep_out, name, inputs().double(), samples=2) < 1e-12


@pytest.mark.parametrize(
    ("f", "rep_out", "name", "error"),
    [
        # of the first four, averaging over the group leaves nothing
        (first_coordinate, "T0", "SO(3)", 1.0),
        (first_coordinate, "T0", "Reflect(3)", 1.0),
        (lambda x: x, "3T0", "O(3)", 1.0),
        (lambda x: x.abs(), "T1", "O(3)", 1.0),
        # variance 3, and the 1 of the reflected axis, of which the group keeps no constant
        (lambda x: x + 1, "T1", "Reflect(3)", math.sqrt(1 / 4)),
        # a share of the variances of |x|^2 (6) and of the coordinate (1)
        (lambda x: norm_squared(x) + 2 * x[:, :1], "T0", "O(3)", math.sqrt(4 / 10)),
        # f(x) - f(s x) = (1 - s^2) |x|^2, s^2 = exp of a normal number; no break is so large
        (
            norm_squared,
            "T0",
            "Scaling(3)",
            math.sqrt(15 / 12 * (math.exp(2) - 2 * math.exp(0.5) + 1)),
        ),
    ],
)
def test_is_the_relative_break(f, rep_out, name, error):
    x = inputs(100_000, dtype=torch.float64)
    # the last has heavy tails
    near = 0.1 if name == "Scaling(3)" else 0.01
    assert equivariance_error(f, "T1", rep_out, name, x) == pytest.approx(error, rel=near)


def test_relative_to_sizes_an_offset_hides_what_is_broken():
    x, f = inputs(4000), lambda x: 300 + first_coordinate(x)
    types = "T1", "T0", "Reflect(3)"
    assert equivariance_error(f, *types, x) == pytest.approx(1.0, abs=0.05)
    assert equivariance_error(f, *types, x, relative_to="sizes") < 0.01
    assert equivariance_error(f, *types, x, relative_to="paper") < 0.01


def test_each_block_is_relative_to_its_own_spread():
    f = lambda x: torch.cat([1000 * norm_squared(x), x, x[:, 2:]], 1)  # noqa: E731
    x = inputs(20_000, dtype=torch.float64)
    together = equivariance_error(f, "T1", "T0 + T1 + T0", "O(3)", x)
    errors = equivariance_error_by_block(f, "T1", "T0 + T1 + T0", "O(3)", x)
    assert together == pytest.approx(1 / 1000 / math.sqrt(6), rel=0.03)
    assert errors == pytest.approx({"T0": 0.0, "T1": 0.0, "T0 (2)": 1.0}, abs=0.02)


def test_the_seed_decides_and_more_samples_average():
    torch.manual_seed(0)
    one = equivariance_error(first_coordinate, "T1", "T0", "O(3)", inputs(), seed=1)
    torch.manual_seed(1)
    assert one == equivariance_error(first_coordinate, "T1", "T0", "O(3)", inputs(), seed=1)
    assert one != equivariance_error(first_coordinate, "T1", "T0", "O(3)", inputs(), seed=2)
    many = equivariance_error(first_coordinate, "T1", "T0", "O(3)", inputs(), samples=20)
    assert many == pytest.approx(one, abs=0.1)


def test_batches_are_weighted_by_their_size():
    metric = EquivarianceError("T1", "T0", "O(3)", relative_to="paper")
    total = start = 0
    for batch in inputs(300).split([1, 199, 100]):
        settings = {"seed": start, "relative_to": "paper"}
        error = equivariance_error(first_coordinate, "T1", "T0", "O(3)", batch, **settings)
        total, start = total + len(batch) * error, start + len(batch)
        metric.update(first_coordinate, batch)
    assert metric.compute().item() == pytest.approx(total / 300)
    metric.reset()
    metric.update(first_coordinate, inputs(300)[:0])
    assert metric.compute().isnan()


def test_in_batches_as_at_once():
    kept, broken = EquivarianceError("T1", "T0", "O(3)"), EquivarianceError("T1", "T0", "O(3)")
    for batch in inputs(3000).double().split(450):
        kept.update(norm_squared, batch)
        broken.update(first_coordinate, batch)
    at_once = equivariance_error(first_coordinate, "T1", "T0", "O(3)", inputs(3000))
    assert kept.compute() < 1e-12
    assert broken.compute().item() == pytest.approx(at_once, abs=0.02)


def test_pickles():
    metric = EquivarianceError("T1", "T0", "O(3)")
    metric.update(first_coordinate, inputs())
    assert pickle.loads(pickle.dumps(metric)).compute() == metric.compute()


def test_errors():
    with pytest.raises(
        ValueError, match=r"rep_in '2T1' has 6 numbers over R\^3, where O\(3\) acts"
    ):
        equivariance_error(first_coordinate, "2T1", "T0", "O(3)", inputs())
    with pytest.raises(ValueError, match=r"rep_out 'T1' has 3 numbers .* shape \(200, 1\)"):
        equivariance_error(first_coordinate, "T1", "T1", "O(3)", inputs())
    with pytest.raises(ValueError, match="needs at least one input; got none"):
        equivariance_error(first_coordinate, "T1", "T0", "O(3)", inputs(0))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_function_that_fails_is_not_equivariant(value):
    broken = lambda x: x * value  # noqa: E731
    assert math.isnan(equivariance_error(broken, "T1", "T1", "O(3)", inputs()))
    metric = EquivarianceError("T1", "T1", "O(3)")
    metric.update(broken, inputs())
    assert torch.isnan(metric.compute())


def cross(x):
    return torch.linalg.cross(x[:, :3], x[:, 3:])


def vectors(parallel, dtype):
    """Pairs of vectors, of which a share is parallel."""
    x = inputs(200, 6, dtype=dtype)
    x[: int(200 * parallel), 3:] = 1.7 * x[: int(200 * parallel), :3]
    return x


@pytest.mark.parametrize("parallel", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("dtype", "rounding"), [(torch.float32, 1e-7), (torch.float64, 1e-16)])
@pytest.mark.parametrize("error", [equivariance_error, local_equivariance_error])
def test_an_exactly_equivariant_function_has_none_where_its_outputs_vanish(
    error, parallel, dtype, rounding
):
    x = vectors(parallel, dtype)
    assert error(cross, "2T1", "T1", "SO(3)", x) < 10 * rounding
    metric = {"equivariance_error": EquivarianceError}.get(error.__name__, LocalEquivarianceError)
    batches = metric("2T1", "T1", "SO(3)")
    for batch in x.split(70):
        batches.update(cross, batch)
    assert batches.compute() < 10 * rounding


def test_a_broken_symmetry_shows_where_most_outputs_vanish():
    x = vectors(0.9, torch.float32)
    bent = lambda x: cross(x) * torch.tensor([1.0, 1.0, 2.0])  # noqa: E731
    assert equivariance_error(bent, "2T1", "T1", "SO(3)", x) > 0.1


def test_the_scale_of_a_function_plays_no_part():
    x = vectors(1.0, torch.float32)
    errors = [
        equivariance_error(lambda x, s=s: s * cross(x), "2T1", "T1", "SO(3)", x)
        for s in (1e-9, 1e9)
    ]
    assert max(errors) < 1e-6


def test_what_an_error_may_be_relative_to():
    with pytest.raises(
        ValueError, match="relative_to must be one of spread, sizes, paper; got 'mean'"
    ):
        equivariance_error(norm_squared, "T1", "T0", "O(3)", inputs(), relative_to="mean")


@pytest.mark.parametrize("samples", [0, -1])
def test_at_least_one_group_element(samples):
    with pytest.raises(
        ValueError, match=f"samples must be a whole number of at least 1; got {samples}"
    ):
        equivariance_error(norm_squared, "T1", "T0", "O(3)", inputs(), samples=samples)
    with pytest.raises(ValueError, match="samples must be a whole number of at least 1"):
        EquivarianceError("T1", "T0", "O(3)", samples=samples)
