"""The inertia task: reference values, symmetries, splits."""

import numpy as np
import pytest
import torch
from compliance.datamodules import SyntheticSuite

from softsym.datamodules.inertia import Inertia, inertia_inputs, inertia_tensor
from softsym.metrics import equivariance_error

TYPES = ("5T0 + 5T1", "T2")
CANDIDATES = ("O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)")

EARLIER = {
    "train": (494.9653015136719, 1463.3138427734375),
    "val": (396.09808349609375, 1638.8109130859375),
    "test": (448.8341369628906, 1466.095458984375),
}
"""Sums of inputs and targets before there was noise or a split out of distribution."""


def task(**settings):
    return Inertia(
        **{"axis": 2, "eps": -1.0, "bodies": 5, "samples": 50, "batch_size": 10} | settings
    )


def splits(**settings):
    data = task(**settings)
    data.setup()
    return data.splits


class TestInertia(SyntheticSuite):
    variants = (
        *(({"axis": axis, "eps": 0.0}, CANDIDATES) for axis in (0, 1, 2, -1)),
        *(({"axis": 2, "eps": eps}, ("O(2)@xy",)) for eps in (-1.0, -0.1, 0.05, 0.3)),
        ({"axis": 0, "eps": -1.0}, ("O(2)@yz",)),
        ({"axis": 1, "eps": -1.0}, ("O(2)@xz",)),
        ({"axis": -1, "eps": -1.0}, ()),
        ({"axis": -1, "eps": 0.3}, ()),
        ({"bodies": 2, "rep_in": "2T0 + 2T1"}, ("O(2)@xy",)),
    )

    def make(self, **settings):
        return task(**settings)


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


def test_the_data_are_those_of_earlier_versions():
    actual = {
        name: (float(x.sum()), float(y.sum())) for name, (x, y) in splits(samples=100).items()
    }
    for name, sums in EARLIER.items():
        assert actual[name] == pytest.approx(sums, rel=1e-5)


def test_the_data_are_dealt_out_as_ever():
    inputs = inertia_inputs(150, 5)
    order = torch.randperm(150, generator=torch.Generator().manual_seed(3))
    for name, chosen in zip(("train", "val", "test"), order.split(50), strict=True):
        for settings in ({}, {"ood": "shift"}, {"noise_positions": 0.0, "eps_spread": 0.0}):
            actual = splits(seed=3, **settings)[name]
            assert torch.equal(actual[0], inputs[chosen])
            assert torch.equal(actual[1], inertia_tensor(inputs[chosen], 2, -1.0))


def test_noise_is_on_what_the_model_sees_alone():
    clean, noisy = (
        splits(samples=2000),
        splits(samples=2000, noise_masses=0.01, noise_positions=0.2, ood="shift"),
    )
    for name in clean:
        assert torch.equal(clean[name][1], noisy[name][1])
        noise = noisy[name][0] - clean[name][0]
        assert float(noise[:, :5].std()) == pytest.approx(0.01, rel=0.05)
        assert float(noise[:, 5:].std()) == pytest.approx(0.2, rel=0.05)
    x, y = noisy["ood"]
    assert not torch.allclose(inertia_tensor(x, 2, -1.0), y, atol=0.1)


def test_masses_stay_positive_under_any_noise():
    for inputs, _ in splits(samples=500, noise_masses=10.0, ood="sign").values():
        assert inputs[:, :5].min() > 0


def test_each_sample_has_an_eps_of_its_own():
    inputs, targets = splits(samples=3000, eps=0.5, eps_spread=0.1)["train"]
    J = inertia_tensor(inputs, 2, 0.0).view(-1, 3, 3)
    assert torch.equal(targets.view(-1, 3, 3)[:, :, :2], J[:, :, :2])
    eps = targets[:, 8] / J[:, 2, 2] - 1
    assert float(eps.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(eps.std()) == pytest.approx(0.1, rel=0.05)
    f = task(eps=0.5, eps_spread=0.1).true_function()
    assert torch.equal(f(inputs), inertia_tensor(inputs, 2, 0.5))


def test_one_eps_for_each_sample_equals_one_by_one():
    inputs, eps = inertia_inputs(3, 5), torch.tensor([0.1, -1.0, 2.0])
    for axis in (0, 1, 2, -1):
        together = inertia_tensor(inputs, axis, eps)
        for row, one, expected in zip(inputs, eps, together, strict=True):
            torch.testing.assert_close(inertia_tensor(row[None], axis, float(one))[0], expected)


@pytest.mark.parametrize(
    ("axis", "eps", "words"),
    [
        (2, 0.0, ("exact", "exact", "exact", "exact")),
        (2, -1.0, ("exact", "broken", "broken", "broken")),
        (0, -1.0, ("broken", "exact", "broken", "broken")),
        (1, -1.0, ("broken", "broken", "exact", "broken")),
        (2, 0.3, ("exact", "approximate", "approximate", "approximate")),
        (-1, 0.3, ("approximate", "approximate", "approximate", "approximate")),
        (-1, -1.0, ("broken", "approximate", "approximate", "broken")),
    ],
)
def test_words(axis, eps, words):
    actual = task(axis=axis, eps=eps).true_symmetries()
    assert actual == dict(zip(CANDIDATES, words, strict=True))


def test_true_groups():
    groups = {axis: task(axis=axis, eps=0.3).true_group() for axis in (0, 1, 2, -1)}
    mirrors = "Reflect(3)*Reflect(3, 1)*Reflect(3, 2)"
    assert groups == {0: "O(2)@yz", 1: "O(2)@xz", 2: "O(2)@xy", -1: mirrors}
    assert task(axis=0, eps=0.0).true_group() == "O(3)"


def test_other_numbers_of_bodies_need_their_type():
    assert splits(bodies=2, rep_in="2T0 + 2T1")["val"][0].shape == (50, 8)
    with pytest.raises(ValueError, match=r"rep_in '5T0 \+ 5T1' has 20 .*so that its size is 8"):
        splits(bodies=2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"axis": 3}, "axis must be 0, 1, 2 or -1; got 3"),
        ({"axis": "z"}, "got 'z'"),
        ({"bodies": 0}, "bodies must be a whole number of at least 1; got 0"),
        ({"samples": 0}, "samples must be a whole number of at least 1; got 0"),
        ({"eps": "a"}, r"datamodule\.eps must be a finite number; got 'a'"),
        ({"noise_masses": -1}, r"datamodule\.noise_masses must .* of at least 0; got -1"),
        ({"noise_positions": -1}, r"datamodule\.noise_positions must .* of at least 0; got -1"),
        ({"eps_spread": float("inf")}, r"datamodule\.eps_spread must .* of at least 0; got inf"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        task(**settings)


def test_bodies_as_axes_is_the_same_task_with_permutations():
    settings = {"rep_in": "4T1", "rep_out": "9T0", "bodies_as_axes": True}
    swapped, plain = task(**settings), task()
    for data in (swapped, plain):
        data.setup()
    assert swapped.dim == 5
    torch.testing.assert_close(swapped.splits["test"][1], plain.splits["test"][1])
    x, y = swapped.splits["test"][0], plain.splits["test"][0]
    assert torch.equal(x[:, :5], y[:, :5])
    assert torch.equal(x[:, 5:10], y[:, 5::3])  # all x, of every body
    assert swapped.true_symmetries() == {"S(5)": "exact", "O(5)": "broken"}
    assert swapped.true_group() == "S(5)"
    with pytest.raises(ValueError, match=r"Change datamodule\.rep_in"):
        task(bodies_as_axes=True).setup()
