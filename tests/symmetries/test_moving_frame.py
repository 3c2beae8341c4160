"""Moving frames: normal positions exist, move with the vector, and are unique up to rotations."""

import pytest
import torch

from softsym.symmetries import group, rep
from softsym.symmetries.moving_frame import MovingFrame, NoFrameError, split_algebra

CASES = [
    ("Scaling(3)", "5T0 + 5T1"),
    ("Scaling(2)@xy", "4T1"),
    ("SL(3)", "5T1"),
    ("SL(3)", "3T1 + 2T(0,1)"),
    ("GL(3)", "5T1"),
    ("SO13p", "3T1"),
    ("Sp(1)", "3T1"),
    ("SO(3)*Scaling(3)", "3T1 + T2"),
]
POINTS = [("Translation(3)", "4T1"), ("SE(3)", "4T1")]


def vectors(name, text, n=60):
    G, R = group(name), rep(text)
    x = torch.randn(n, R.size(G.dim), generator=torch.Generator().manual_seed(1)).double()
    if (name, text) in POINTS:
        x = x.unflatten(1, (-1, 4)).clone()
        x[..., 3] = 1.0  # points in homogeneous coordinates
        x = x.flatten(1)
    return G, R, x


@pytest.mark.parametrize(("name", "text"), CASES + POINTS)
def test_the_normal_position_is_the_same_all_along_an_orbit(name, text):
    G, R, x = vectors(name, text)
    frame = MovingFrame(G, R)
    frame.require_for(x)
    h = G.sample(len(x), torch.Generator().manual_seed(2))
    p, found = frame(x)
    q, also = frame(R.act(h, x))
    assert found.all()
    assert also.all()
    # frame(h x) = h frame(x) k with k orthogonal and in the group
    k = torch.linalg.inv(h @ p) @ q
    torch.testing.assert_close(k @ k.mT, torch.eye(G.dim).double().expand_as(k), atol=1e-4, rtol=0)


def test_the_frame_of_a_scaling_is_the_size():
    G, R, x = vectors("Scaling(3)", "2T1")
    p, _ = MovingFrame(G, R)(x)
    size = p[:, 0, 0]
    torch.testing.assert_close(size / size[0], x.norm(dim=1) / x[0].norm())


def test_the_frame_of_shifts_is_the_centroid():
    G, R, x = vectors("Translation(3)", "4T1")
    p, _ = MovingFrame(G, R)(x)
    torch.testing.assert_close(p[:, :3, 3], x.unflatten(1, (4, 4))[..., :3].mean(1))


@pytest.mark.parametrize(("name", "text"), [("SL(3)", "T1"), ("GL(3)", "2T1")])
def test_too_few_vectors_have_no_normal_position(name, text):
    G, R, x = vectors(name, text)
    with pytest.raises(NoFrameError, match="normal position"):
        MovingFrame(G, R).require_for(x)


def test_vectors_that_are_zero_are_counted():
    G, R, x = vectors("Scaling(3)", "2T1")
    x[::2] = 0
    with pytest.raises(NoFrameError, match="; 30 of 60 vectors are 0"):
        MovingFrame(G, R).require_for(x)


def test_a_direct_product_has_no_frame_here():
    with pytest.raises(NoFrameError, match="direct product"):
        MovingFrame(group("S(5)xSO13p"), rep("T1"))


def test_an_algebra_splits_into_skew_and_other_elements():
    skew, rest = split_algebra(group("SO13p").lie_algebra)
    assert (len(skew), len(rest)) == (3, 3)
    torch.testing.assert_close(skew, -skew.mT)
    torch.testing.assert_close(rest, rest.mT)
