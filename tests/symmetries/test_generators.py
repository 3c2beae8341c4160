"""Generators: bad ones are refused, and finite and permutation groups are recognised."""

import itertools
import math

import pytest
import torch
from compliance.groups import elements

from softsym.symmetries import (
    SO,
    Cube,
    Generated,
    Group,
    T,
    Z,
    equivariant_projector,
    group,
)
from softsym.symmetries.generators import as_permutations, finite_group, permutation_matrices

QUARTER = [[0.0, -1.0], [1.0, 0.0]]
ABOUT_X, ABOUT_Y = SO(3).lie_algebra[2], SO(3).lie_algebra[1]
SHEAR = [[1.0, 1.0], [0.0, 1.0]]


def about(angle):
    return [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]


def generated(*matrices):
    return finite_group(torch.tensor(matrices, dtype=torch.float64))


def test_two_rotations_without_the_third_are_refused():
    message = (
        r"lie_algebra of two is not closed: the commutator of its generators 0 and 1 is no "
        r"combination of them\. Add it, or make the group that they generate as Generated\("
    )
    with pytest.raises(ValueError, match=message):
        Group(3, lie_algebra=torch.stack([ABOUT_X, ABOUT_Y]), name="two")


def test_the_generators_that_leave_the_algebra_are_named():
    scale = torch.eye(3, dtype=torch.float64)
    with pytest.raises(ValueError, match="of its generators 1 and 3 is no combination"):
        Group(3, lie_algebra=torch.stack([scale, ABOUT_X, ABOUT_X + scale, ABOUT_Y]))


@pytest.mark.parametrize("tensor", [T(2), T(3), T(2, 1), T(4)], ids=str)
def test_two_rotations_generate_the_third(tensor):
    G = Generated(Group(3, lie_algebra=ABOUT_X), Group(3, lie_algebra=ABOUT_Y))
    torch.testing.assert_close(
        equivariant_projector(G, tensor), equivariant_projector("SO(3)", tensor)
    )


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_closed_whatever_the_unit(size):
    assert len(Group(3, lie_algebra=size * SO(3).lie_algebra).lie_algebra) == 3
    with pytest.raises(ValueError, match="is not closed"):
        Group(3, lie_algebra=size * torch.stack([ABOUT_X, ABOUT_Y]))


def test_generators_may_depend_on_each_other():
    turn = torch.tensor(QUARTER, dtype=torch.float64)
    G = Group(2, lie_algebra=torch.stack([turn, -2 * turn, 0 * turn]))
    for tensor in (T(2), T(1, 1), T(4)):
        torch.testing.assert_close(
            equivariant_projector(G, tensor), equivariant_projector("SO(2)", tensor)
        )


def test_permutation_matrices_are_recognised():
    shift = torch.eye(4, dtype=torch.float64).roll(1, 0)
    G = Group(4, discrete_generators=shift)
    assert Z(4) == G
    assert G.permutations.tolist() == [[1, 2, 3, 0]]
    assert hash(Z(4)) == hash(G)


@pytest.mark.parametrize(
    "matrices",
    [
        [[[0.0, 1.0], [-1.0, 0.0]]],
        [[[0.0, 1.0], [1.0, 0.0]], QUARTER],
        [[[1.0, 1.0], [0.0, 0.0]]],
        [[[1.0, 0.0], [1.0, 0.0]]],
        [[[0.5, 0.5], [0.5, 0.5]]],
        [],
    ],
)
def test_other_matrices_are_no_permutations(matrices):
    assert as_permutations(torch.tensor(matrices, dtype=torch.float64).reshape(-1, 2, 2)) is None


def test_permutations_become_matrices_and_back():
    all_of_them = torch.tensor(list(itertools.permutations(range(4))))
    matrices = permutation_matrices(all_of_them)
    assert torch.equal(as_permutations(matrices), all_of_them)
    one = torch.eye(4, dtype=torch.float64)
    for permutation, matrix in zip(all_of_them[::5], matrices[::5], strict=True):
        assert torch.equal((matrix @ one).argmax(0), permutation)


def test_permutations_beside_an_algebra_stay_matrices():
    G = Group(2, lie_algebra=[QUARTER], discrete_generators=[[0.0, 1.0], [1.0, 0.0]])
    assert G.permutations is None
    assert G.discrete_generators.tolist() == [[[0.0, 1.0], [1.0, 0.0]]]


@pytest.mark.parametrize(
    ("name", "order"),
    [
        *(("C(1)", 1), ("C(6)", 6), ("D(5)", 10), ("Cube", 24), ("Reflect(2)", 2), ("S(4)", 24)),
        *(("Z(5)", 5), ("Trivial(3)", 1), ("Parity", 2), ("C(3)xS(3)", 18), ("C(4)@xy", 4)),
        *(("D(3)*Reflect(2)", 6), ("S(6)", 720)),
    ],
)
def test_all_elements_of_a_finite_group(name, order):
    assert len(group(name).finite_elements) == order


@pytest.mark.parametrize("name", ["D(5)", "Cube", "D(3)xC(2)"])
def test_the_elements_are_closed_and_contain_the_identity(name):
    listed = group(name).finite_elements
    products = torch.einsum("aij,bjk->abik", listed, listed)
    apart = (products[:, :, None] - listed).abs().amax((3, 4))
    assert ((apart < 1e-9).sum(2) == 1).all()
    one = torch.eye(listed.shape[-1], dtype=torch.float64)
    assert torch.equal(listed[0], one)


def test_a_finite_group_need_not_be_orthogonal():
    skewed = torch.tensor([[1.0, 0.5], [0.0, 2.0]], dtype=torch.float64)
    turns = skewed @ group("C(6)").discrete_generators @ torch.linalg.inv(skewed)
    assert len(finite_group(turns)) == 6


@pytest.mark.parametrize("name", ["SO(2)", "GL(2)", "O(3)", "Scaling(1)", "S(7)", "RubiksCube"])
def test_infinite_and_large_groups_are_not_listed(name):
    assert group(name).finite_elements is None


@pytest.mark.parametrize("matrix", [SHEAR, about(1.0)], ids=["shear", "irrational turn"])
def test_infinite_groups_of_one_matrix_are_not_listed(matrix, monkeypatch):
    monkeypatch.setattr("softsym.symmetries.generators.FINITE", 100)
    assert generated(matrix) is None


def test_two_flips_of_an_irrational_angle_are_not_listed():
    flip = torch.diag(torch.tensor([1.0, -1.0], dtype=torch.float64))
    turn = torch.tensor(about(1.0), dtype=torch.float64)
    assert finite_group(torch.stack([flip, turn @ flip @ turn.T, turn])) is None


def test_the_list_of_a_large_space_is_shorter(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.generators.NUMBERS", 5 * 36)
    assert Group(6, discrete_generators=Cube().discrete_generators).finite_elements is None


@pytest.mark.parametrize(
    ("G", "order"),
    [
        (Cube(), 24),
        (Group(2, discrete_generators=[about(2 * math.pi / 5), [[1.0, 0.0], [0.0, -1.0]]]), 10),
    ],
    ids=["Cube", "bare"],
)
def test_every_element_equally_often(G, order):
    drawn = elements(G, 300 * order).flatten(1)
    _, counts = torch.unique((drawn * 1e6).round() + 0.0, dim=0, return_counts=True)
    assert len(counts) == order
    assert counts.min() > 220
    assert counts.max() < 380


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("turn", "discrete_generators of mine must be matrices of numbers: "),
        ([[["a"]]], "discrete_generators of mine must be matrices of numbers: "),
        ([[[1.0, 0.0], [0.0]]], "discrete_generators of mine must be matrices of numbers: "),
        ([[[[1.0]]]], r"must be matrices of shape \(2, 2\), .* got \(1, 1, 1, 1\)"),
    ],
)
def test_what_is_no_matrix(values, message):
    with pytest.raises(ValueError, match=message):
        Group(2, discrete_generators=values, name="mine")


@pytest.mark.parametrize(
    "matrices",
    [[[2.0, 0.0], [0.0, 0.5]], [[0.5, 0.0], [0.0, 0.5]], [[2.0, 0.0], [0.0, 2.0]]],
)
def test_powers_that_grow_or_shrink_are_no_finite_group(matrices):
    G = Group(2, discrete_generators=matrices)
    assert G.finite_elements is None
    assert not G.is_compact
    assert torch.isfinite(G.sample(20)).all()


@pytest.mark.parametrize(("k", "order"), [(3, 6), (11, 22)])
def test_elements_are_told_apart_whatever_digit_they_fall_on(k, order):
    angle, c = 2 * math.pi / k, 2.0**-7
    s = math.sqrt(1 - c * c)
    turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    assert len(Group(2, discrete_generators=[turn, [[c, s], [s, -c]]]).finite_elements) == order


def test_a_zero_matrix_is_singular():
    with pytest.raises(ValueError, match="number 0 of nothing is singular"):
        Group(2, discrete_generators=torch.zeros(1, 2, 2), name="nothing")


def test_generators_may_be_a_list_of_tensors():
    turn = torch.tensor(QUARTER)
    assert Group(2, lie_algebra=[turn]) == SO(2)
    assert Group(2, lie_algebra=turn) == SO(2)


@pytest.mark.parametrize("generators", [["ab"], [[["a"]]], [object()], [[1.0, 2.0], [3.0]]])
def test_what_is_no_matrix_at_all(generators):
    with pytest.raises(ValueError, match="lie_algebra of odd must be matrices of numbers"):
        Group(2, lie_algebra=generators, name="odd")


def test_complex_generators_are_pointed_to_their_real_form():
    with pytest.raises(ValueError, match=r"complex matrices act in real form, X \+ iY as \[\["):
        Group(2, discrete_generators=torch.eye(2, dtype=torch.complex64), name="mine")


def test_a_number_is_no_list_of_generators():
    with pytest.raises(ValueError, match="discrete_generators of mine must be matrices of numbers"):
        Group(2, discrete_generators=5, name="mine")
