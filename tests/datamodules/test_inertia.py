"""The inertia task: reference values, symmetries, splits."""

import numpy as np
import pytest
import torch

from datamodules.inertia import Inertia, inertia_inputs, inertia_tensor
from metrics import equivariance_error

TYPES = ("5T0 + 5T1", "T2")


def task(**settings):
    return Inertia(
        **{"axis": 2, "eps": -1.0, "bodies": 5, "samples": 50, "batch_size": 10} | settings
    )


def splits(**settings):
    data = task(**settings)
    data.setup()
    return data.splits


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("eps", [0.0, 0.3, -1.0])
def test_equals_the_reference(axis, eps, reference):
    archive = reference("synthetic_tasks.npz")
    X, Y = (archive[f"inertia|axis={axis}|noise={eps}|{part}"] for part in "XY")
    inputs = inertia_inputs(len(X), 5)
    assert np.abs(inputs.numpy() - X).max() < 1e-4
    targets = inertia_tensor(torch.from_numpy(X), axis, eps)
    assert np.abs(targets.numpy() - Y).max() < 1e-4


def test_two_bodies_by_hand():
    # mass 2 at (1, 0, 0) and mass 3 at (0, 1, 1)
    inputs = torch.tensor([[2.0, 3.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0]])
    J = torch.tensor([[6.0, 0.0, 0.0], [0.0, 5.0, -3.0], [0.0, -3.0, 5.0]])
    assert torch.equal(inertia_tensor(inputs, 2, 0.0).view(3, 3), J)
    assert torch.equal(inertia_tensor(inputs, 1, 0.5).view(3, 3), J * torch.tensor([1.0, 1.5, 1.0]))
    assert torch.equal(
        inertia_tensor(inputs, -1, 0.5).view(3, 3), J * torch.tensor([0.5, 1.5, 1.0])
    )


def error(axis, eps, name):
    f = task(axis=axis, eps=eps).true_function()
    return equivariance_error(f, *TYPES, name, inertia_inputs(200, 5, seed=0).double())


@pytest.mark.parametrize("name", ["O(3)", "SO(3)", "O(2)@xy", "O(2)@yz"])
def test_exactly_symmetric_without_perturbation(name):
    assert error(2, 0.0, name) < 1e-12


@pytest.mark.parametrize(
    ("axis", "kept", "broken"),
    [
        (2, "O(2)@xy", ("O(2)@yz", "O(2)@xz", "O(3)")),
        (0, "O(2)@yz", ("O(2)@xy", "O(2)@xz", "O(3)")),
        (1, "O(2)@xz", ("O(2)@yz", "O(2)@xy", "O(3)")),
    ],
)
def test_a_lost_axis_keeps_the_plane_of_the_others(axis, kept, broken):
    assert error(axis, -1.0, kept) < 1e-12
    for name in broken:
        assert error(axis, -1.0, name) > 0.1


def test_the_mixed_axis_breaks_all_planes_by_degree():
    assert 0.01 < error(-1, 0.1, "O(2)@xy") < error(-1, 0.5, "O(2)@xy")


def test_masses_are_positive_and_all_is_float32():
    for inputs, targets in splits().values():
        assert inputs[:, :5].min() > 0
        assert (inputs.shape, targets.shape) == ((50, 20), (50, 9))
        assert inputs.dtype == targets.dtype == torch.float32


def test_splits_are_disjoint_and_together_the_whole():
    rows = torch.cat([inputs for inputs, _ in splits().values()])
    assert len(torch.unique(rows, dim=0)) == 150
    expected = inertia_inputs(150, 5)
    assert torch.equal(torch.unique(rows, dim=0), torch.unique(expected, dim=0))


def test_the_seed_deals_out_and_the_data_seed_draws():
    one, same, other = splits(seed=1), splits(seed=1), splits(seed=2)
    assert torch.equal(one["train"][0], same["train"][0])
    assert not torch.equal(one["train"][0], other["train"][0])
    drawn = splits(data_seed=1), splits(data_seed=2)
    assert not torch.equal(drawn[0]["train"][0], drawn[1]["train"][0])


def test_other_numbers_of_bodies_need_their_type():
    assert splits(bodies=2, rep_in="2T0 + 2T1")["val"][0].shape == (50, 8)
    with pytest.raises(ValueError, match=r"rep_in '5T0 \+ 5T1' has 20 .*so that its size is 8"):
        splits(bodies=2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"axis": 3}, "axis must be 0, 1, 2 or -1; got 3"),
        ({"axis": "z"}, "got 'z'"),
        ({"bodies": 0}, "bodies and samples must be at least 1; got 0, 50"),
        ({"samples": 0}, "got 5, 0"),
        ({"batch_size": 0}, "batch_size must be at least 1; got 0"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        task(**settings)
