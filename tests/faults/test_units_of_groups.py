"""Ranks of groups whose generators span many orders of magnitude: right, or refused by name."""

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from market import names

from softsym.symmetries import Group, T, equivariant_basis, group
from softsym.symmetries.units import rescale

TENSORS = (T(1), T(0, 1), T(2), T(1, 1), T(0, 2), T(2, 1))
HELIX = Group(4, [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0.5], [0, 0, 0, 0]], name="helix")
FAR_TURN = Group(3, [[0, -1, 1], [1, 0, 1], [0, 0, 0]], name="turn about a point")
BOOST = Group(2, [[0, 1], [1, 0]], name="boost")
BOOSTED = Group(2, None, [[[1.5, math.sqrt(1.25)], [math.sqrt(1.25), 1.5]]], name="one boost")
GALILEI = Group(3, [[[0, 0, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0], [1, 0, 0]]])
OWN = [HELIX, FAR_TURN, BOOST, BOOSTED, GALILEI]
GROUPS = [*OWN, *map(group, names()), *map(group, ["SE(2)", "O11", "SO13p", "U(1)", "SL(2)"])]


def in_units(G, units):
    return Group(G.dim, rescale(G.lie_algebra, units), rescale(G.discrete_generators, units))


def spans(R, units, basis, other):
    """Whether a basis in other units holds the vectors of this one, by the units of the latter."""
    moved = torch.nn.functional.normalize(R.rho(torch.diag(units)) @ basis, dim=0)
    left = moved - other @ (other.T @ moved)
    return basis.shape == other.shape and bool((left.abs() < 1e-7).all())


@given(st.sampled_from(GROUPS), st.sampled_from(TENSORS), st.lists(st.floats(-8, 8), min_size=4))
@settings(max_examples=60, deadline=None)
@example(HELIX, T(1), [0.0, 0.0, 0.0, 16.0])
@example(BOOST, T(0, 2), [0.0, 17.0, 0.0, 0.0])
def test_units_change_no_rank_and_the_basis_by_their_factors(G, R, exponents):
    units = 10.0 ** torch.tensor(exponents[: G.dim], dtype=torch.float64)
    expected = equivariant_basis(G, R)
    assert spans(R, 1 / units, expected, equivariant_basis(in_units(G, units), R))


@pytest.mark.parametrize("c", [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e8, 299792458, 1e12])
@pytest.mark.parametrize(
    ("text", "rank"), [("T1 >> T0", 0), ("T1", 0), ("T1 >> T1", 2), ("T2", 2), ("T1 >> T2", 0)]
)
def test_a_boost_keeps_the_same_at_any_speed_of_light(c, text, rank):
    assert equivariant_basis(Group(2, [[0, 1 / c**2], [1, 0]]), text).shape[1] == rank


UNDECIDED = [
    ("a turn that nearly grows", [[1e-5, -1], [1, 1e-5]], "T2"),
    ("a turn that grows by less than single precision", [[1e-10, -1], [1, 1e-10]], "T2"),
    ("a direction that is nearly kept", [[1, 0], [0, 1e-10]], "T1"),
    ("a rounding error beside a shear", [[1, 0], [3e-9, 1e-10]], "T1"),
]


@pytest.mark.parametrize(("what", "generator", "text"), UNDECIDED, ids=[u[0] for u in UNDECIDED])
def test_a_rank_that_rounding_decides_is_refused(what, generator, text):
    with pytest.raises(ValueError, match=r"misses its constraints by .* cannot be decided"):
        equivariant_basis(Group(2, [generator], name=what), text)


def test_the_size_of_a_generator_decides_nothing():
    shear = Group(2, [[0, 1e-13], [0, 0]])
    assert not shear.is_orthogonal
    assert equivariant_basis(shear, "T(0,1)").abs().tolist() == [[0.0], [1.0]]


def test_generators_are_checked_in_balanced_units():
    swap = Group(2, None, [[0, 1e-9], [1e9, 0]])
    assert equivariant_basis(swap, "T1").shape == (2, 1)
    boosts = rescale(group("SO13p").lie_algebra[:2], torch.tensor([1.0, 1e6, 1e6, 1e6]).double())
    with pytest.raises(ValueError, match="is not closed"):
        Group(4, boosts)
