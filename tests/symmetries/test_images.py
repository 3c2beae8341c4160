"""Images and sequences under groups of the plane, shifts and reversals."""

import logging

import pytest
import torch
from compliance.regularizers import Holder
from torch import nn

from softsym.metrics import equivariance_error
from softsym.regularizers import FunctionRegularizer
from softsym.symmetries import Image, group, rep
from softsym.symmetries.batches import transform
from softsym.symmetries.images import round_trip_error
from softsym.symmetries.own_types import require_representation

FLIP = torch.tensor([[-1.0, 0.0], [0.0, 1.0]]).double()


def images(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_quarter_turns_and_flips_are_those_of_torch():
    x, quarter = images(4, 3, 6, 6), group("C(4)").discrete_generators[0]
    R = rep("Image(6, 6)")
    assert torch.equal(transform(R, x, quarter), x.rot90(1, (2, 3)))
    assert torch.equal(transform(R, x, FLIP), x.flip(3))


@pytest.mark.parametrize("name", ["C(4)", "D(4)", "D(4)@xy"])
@pytest.mark.parametrize("size", [(5, 5), (4, 4)])
def test_an_exact_representation_of_the_square_s_symmetries(name, size):
    require_representation(group(name), Image(*size))


def test_channels_of_vectors_turn_too():
    x, g = images(2, 2, 5, 5).double(), group("C(4)").sample(2, torch.Generator().manual_seed(1))
    moved = transform(rep("T1*Image(5,5)"), x, g)
    expected = torch.einsum("nij,njhw->nihw", g, transform(rep("Image(5,5)"), x, g))
    torch.testing.assert_close(moved, expected)
    matrices = rep("T1*Image(5,5)").rho(g)
    torch.testing.assert_close(moved.flatten(1), (matrices @ x.flatten(1)[..., None])[..., 0])


def test_interpolation_has_an_error_that_is_measured():
    rows = torch.linspace(-1, 1, 24).double()
    blob = (-8 * (rows[:, None] ** 2 + (rows - 0.2) ** 2)).exp().flatten()[None]
    R = Image(24, 24)
    for name in ("SO(2)", "Scaling(2)"):
        g = group(name).sample(20, torch.Generator().manual_seed(0))
        assert 1e-3 < round_trip_error(R, g, blob.expand(20, -1)) < 0.1
    exact = group("D(4)").sample(20, torch.Generator().manual_seed(0))
    assert round_trip_error(R, exact, blob.expand(20, -1)) == 0.0


class Mean(nn.Module):
    """The mean of an image, with a weight for its left half."""

    def __init__(self, skew):
        super().__init__()
        self.skew = skew

    def forward(self, x):
        return (
            x.mean((1, 2, 3))[:, None]
            + self.skew * x[..., : x.shape[-1] // 2].mean((1, 2, 3))[:, None]
        )


@pytest.mark.parametrize("name", ["C(4)", "D(4)", "Z(6)xZ(6)"])
def test_images_are_regularized_and_measured(name):
    x = images(40, 2, 6, 6)
    R = "T1 x T1" if "x" in name else "Image(6,6)"
    out = "T0 x T0" if "x" in name else "T0"
    for skew in (0.0, 1.0):
        network = Mean(skew)
        regularizer = FunctionRegularizer(name, 1.0, R, out)
        regularizer.bind(network)
        y = network(x)
        value = float(regularizer.penalty(Holder(network), (x, y), y))
        error = equivariance_error(network, R, out, name, x)
        assert (value > 0.05, error > 0.05) == (skew > 0, skew > 0)
        assert (value < 1e-9, error < 1e-4) == (skew == 0, skew == 0)


@pytest.mark.parametrize("name", ["SO(2)", "Scaling(2)"])
def test_what_is_interpolated_is_logged(name, caplog):
    x, network = images(40, 1, 8, 8), Mean(0.0)
    regularizer = FunctionRegularizer(name, 1.0, "Image(8,8)", "T0", name="turned")
    regularizer.bind(network)
    with caplog.at_level(logging.INFO, "softsym"):
        value = regularizer.penalty(Holder(network), (x, network(x)), network(x))
    assert torch.isfinite(value)
    assert "Regularizer 'turned' interpolates" in caplog.text
    assert regularizer.interpolation_error > 0.01


@pytest.mark.parametrize("name", ["Z(5)", "Reversal(5)"])
def test_time_is_shifted_or_reversed(name):
    x, g = images(3, 5, 2), group(name).sample(3, torch.Generator().manual_seed(3))
    moved = transform(rep("T1*2T0"), x, g)
    torch.testing.assert_close(moved, (g @ x.double()).float())


def test_time_and_features_each_have_a_group():
    x, G = images(3, 5, 3), group("Z(5)xO(3)")
    g = G.sample_elements(3, torch.Generator().manual_seed(3))
    moved = transform(rep("T1 x T1").over(G), x, g)
    torch.testing.assert_close(moved, (g[0] @ x.double() @ g[1].mT).float())


def test_what_images_refuse():
    with pytest.raises(ValueError, match="for groups that keep the plane of the first two axes"):
        Image(3, 3).act(group("C(4)@yz").discrete_generators[0], torch.zeros(9).double())
    with pytest.raises(ValueError, match="no derivative along a Lie algebra"):
        Image(3, 3).drho(group("SO(2)").lie_algebra)
    with pytest.raises(ValueError, match="height must be a whole number of at least 1"):
        rep("Image(0, 3)")
