"""G@xy: a group on some of the axes."""

import pytest
import torch
from brute_force import projector
from compliance.groups import GroupSuite, elements

from softsym.symmetries import (
    SO,
    C,
    Embed,
    Generated,
    O,
    Reflect,
    Scaling,
    T,
    equivariant_projector,
    group,
)
from softsym.symmetries.limits import TooLargeError


class TestEmbed(GroupSuite):
    groups = ("O(2)@xy", "O(2)@yz", "O(2)@xz", "C(4)@zx", "Scaling(1)@z", "SO(3)@yzx", "GL(2)@xz")


def test_acts_on_the_axes_in_their_order_and_fixes_the_rest():
    turn = Embed(C(4), 3, (2, 0)).discrete_generators[0]
    x, y, z = torch.eye(3, dtype=torch.float64)
    assert torch.equal(turn @ z, x)
    assert torch.equal(turn @ x, -z)
    assert torch.equal(turn @ y, y)


def test_samples_are_those_of_the_small_group():
    small, large = elements(O(2), 5), elements(Embed(O(2), 4, (3, 1)), 5)
    torch.testing.assert_close(large[:, [[3], [1]], [[3, 1]]], small)
    assert (large[:, [0, 2], [0, 2]] == 1).all()
    assert (large.abs().sum((1, 2)) - small.abs().sum((1, 2)) - 2).abs().max() < 1e-12


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_one_axis_flipped_is_a_mirror_image(axis):
    assert Embed(O(1), 3, (axis,)) == Reflect(3, axis)


def test_all_axes_in_order_change_nothing():
    assert Embed(SO(3), 3, (0, 1, 2)) == SO(3)


def test_embedding_of_a_generated_group_parses_back():
    both = Embed(Generated(SO(2), Scaling(2)), 3, (0, 2))
    assert group(str(both)) == both


def test_above_three_dimensions_the_name_holds_dimension_and_axes():
    assert str(Embed(O(2), 4, [0, 3])) == "Embed(O(2), 4, (0, 3))"


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ((0, 0), r"O\(2\) acts on R\^2, so it needs 2 different axes; got \(0, 0\)"),
        ((0, 1, 2), "needs 2 different axes"),
        ((0,), "needs 2 different axes"),
        ((1, 3), r"The axes \(1, 3\) of O\(2\) must be among 0 to 2"),
        ((-1, 0), "must be among 0 to 2"),
    ],
)
def test_bad_axes(axes, message):
    with pytest.raises(ValueError, match=message):
        Embed(O(2), 3, axes)


@pytest.mark.parametrize(
    "G",
    [
        *(group("O(2)@zx"), group("GL(2)@xz"), group("C(3)@yx"), group("Scaling(1)@y")),
        *(Embed(SO(3), 4, (3, 0, 1)), Embed(SO(2), 4, (3, 1)), Embed(group("SL(2)"), 2, (1, 0))),
        *(Embed(group("S(2)xO(1)"), 3, (2, 0)), Embed(group("Cube"), 7, range(1, 7))),
    ],
    ids=str,
)
@pytest.mark.parametrize("tensor", [T(0), T(1), T(2), T(1, 1), T(0, 2)], ids=str)
def test_invariants_are_all_of_them(G, tensor):
    torch.testing.assert_close(equivariant_projector(G, tensor), projector(G, tensor))


def test_indices_at_rest_beside_those_of_the_group():
    G = group("GL(2)@xz")
    for tensor in (T(2, 1), T(1, 2)):
        torch.testing.assert_close(equivariant_projector(G, tensor), projector(G, tensor))


def test_a_basis_too_large_for_memory_is_refused(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 8 * 6**4)
    with pytest.raises(TooLargeError, match=r"The basis of T4 under Embed\(O\(2\), 5, \(0, 1\)\)"):
        Embed(O(2), 5, (0, 1)).closed_form(4, 0)
