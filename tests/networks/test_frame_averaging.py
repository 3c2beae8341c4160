"""Frame averaging is equivariant under every supported group."""

import pytest
import torch
from compliance.networks import NetworkSuite
from torch import nn

from softsym.metrics import equivariance_error
from softsym.networks import MLP, FrameAveraging

TYPES = ("2T0 + 3T1", "T2 + T0")


class TestFrameAveraging(NetworkSuite):
    def make(self, seed=0):
        return FrameAveraging(MLP(*TYPES, dim=3, channels=16, seed=seed), "O(3)")


def averaged(name, rep_out="T2 + T0", dim=3):
    return FrameAveraging(MLP("2T0 + 3T1", rep_out, dim=dim, channels=16), name).double()


def inputs(dim=3, n=50):
    return torch.randn(n, 2 + 3 * dim, generator=torch.Generator().manual_seed(0)).double()


@pytest.mark.parametrize(("name", "dim"), [("O(3)", 3), ("SO(3)", 3), ("O(2)", 2), ("SO(2)", 2)])
def test_any_network_becomes_exactly_equivariant(name, dim):
    network = averaged(name, dim=dim)
    types = ("2T0 + 3T1", "T2 + T0")
    assert equivariance_error(network.network, *types, name, inputs(dim)) > 0.1
    assert equivariance_error(network, *types, name, inputs(dim)) < 1e-9


def test_rotations_alone_leave_reflections_free():
    network = averaged("SO(3)", rep_out="T0")
    assert equivariance_error(network, "2T0 + 3T1", "T0", "O(3)", inputs()) > 1e-6


@pytest.mark.parametrize(("name", "count"), [("O(3)", 8), ("SO(3)", 4), ("O(2)", 4), ("SO(2)", 2)])
def test_frames_are_orthogonal_and_of_the_group(name, count):
    dim = int(name[-2])
    frames = averaged(name, dim=dim).frames(inputs(dim))
    assert frames.shape == (count, 50, dim, dim)
    one = torch.eye(dim, dtype=torch.float64).expand_as(frames)
    torch.testing.assert_close(frames @ frames.mT, one)
    if name.startswith("S"):
        torch.testing.assert_close(frames.det(), torch.ones(count, 50, dtype=torch.float64))
    first = frames[:, 0].flatten(1)
    assert len(torch.unique(first.round(decimals=8), dim=0)) == count


def test_a_network_that_is_equivariant_stays_as_it_is():
    class Sum(nn.Module):
        rep_in, rep_out = MLP("3T1", "T1", dim=3).rep_in, MLP("3T1", "T1", dim=3).rep_out

        def forward(self, x):
            return x.unflatten(1, (3, 3)).sum(1)

    x = torch.randn(6, 9, dtype=torch.float64)
    torch.testing.assert_close(FrameAveraging(Sum(), "O(3)")(x), Sum()(x))


@pytest.mark.parametrize(
    ("network", "name", "message"),
    [
        (MLP("3T1", "T0", dim=3), "GL(3)", r"needs the group O\(n\), SO\(n\) or SE\(n\); got GL"),
        (MLP("3T0", "T0", dim=3), "O(3)", "takes frames from the input's vectors, but 3T0 has no"),
        (nn.Linear(9, 1), "O(3)", "Linear has no rep_in"),
    ],
)
def test_what_it_cannot_average(network, name, message):
    with pytest.raises(ValueError, match=message):
        FrameAveraging(network, name)


def test_rigid_motions_of_points_in_homogeneous_coordinates():
    network = FrameAveraging(MLP("3T1", "T1 + T0", dim=4, channels=16), "SE(3)").double()
    x = torch.randn(50, 3, 4, generator=torch.Generator().manual_seed(0)).double()
    x[..., 3] = 1.0
    x = x.flatten(1)
    types = ("3T1", "T1 + T0")
    assert equivariance_error(network.network, *types, "SE(3)", x) > 0.1
    assert equivariance_error(network, *types, "SE(3)", x) < 1e-9
    assert network.frames(x).shape == (4, 50, 4, 4)


def test_inputs_over_another_space():
    network = FrameAveraging(MLP("3T1", "T0", dim=3), "O(2)")
    with pytest.raises(ValueError, match=r"over O\(2\) takes 3T1 as 6 numbers; the inputs have 9"):
        network(torch.randn(4, 9))
