"""The constraints agree as an operator, as a sparse matrix and as its square."""

import pytest
import torch
from brute_force import projector

from softsym.symmetries import Group, S, T, Trivial, equivariant_projector, group, rep
from softsym.symmetries.constraints import (
    constrain,
    constraint_matrix,
    gram,
    invariants_within,
    residual,
)

CASES = (
    ("SO(3)", "T2"),
    ("O(3)", "T(2,1)"),
    ("GL(2)", "T(1,2)"),
    ("GL(2)", "T(1,1).T"),
    ("C(3)*Scaling(2)", "T(1,1)"),
    ("S(3)", "T3"),
    ("Cube", "T(1,1)"),
    ("Lorentz", "T(1,1)"),
    ("SO(2)xScaling(2)", "T2"),
    ("S(2)xO(2)", "T(1,1)"),
)


def normal(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def identity(size):
    return torch.eye(size, dtype=torch.float64)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_the_matrix_multiplies_as_the_operator(name, text):
    G, R = group(name), rep(text)
    v = normal(R.size(G.dim), 3)
    stacked = torch.cat(list(constrain(G, R, v)))
    C = constraint_matrix(G, R, 10**6)
    torch.testing.assert_close(torch.from_numpy(C @ v.numpy()), stacked)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_gram_is_the_square_of_the_matrix(name, text):
    G, R = group(name), rep(text)
    v = normal(R.size(G.dim), 3)
    C = torch.from_numpy(constraint_matrix(G, R, 10**6).toarray())
    torch.testing.assert_close(gram(G, R, v), C.T @ C @ v)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_invariants_are_what_the_constraints_leave(name, text):
    G, R = group(name), rep(text)
    P = projector(G, R)
    assert residual(G, R, P) < 1e-12
    assert residual(G, R, identity(len(P))) > 0.1


@pytest.mark.parametrize(("name", "text"), CASES)
def test_within_everything_are_all_invariants(name, text):
    G, R = group(name), rep(text)
    Q = invariants_within(G, R, identity(R.size(G.dim)))
    torch.testing.assert_close(Q.T @ Q, identity(Q.shape[1]))
    torch.testing.assert_close(Q @ Q.T, projector(G, R))


def test_within_the_invariants_of_a_subgroup_are_those_of_the_group():
    G, R = group("O(3)"), T(4)
    among = torch.linalg.qr(equivariant_projector("O(2)@xy", R)).Q
    among = among[:, (among.T @ equivariant_projector("O(2)@xy", R) @ among).diagonal() > 0.5]
    Q = invariants_within(G, R, among)
    torch.testing.assert_close(Q @ Q.T, equivariant_projector(G, R))


def test_within_nothing_are_none():
    assert invariants_within(group("O(3)"), T(2), torch.zeros(9, 0).double()).shape == (9, 0)


def test_without_generators_nothing_is_constrained():
    v = normal(4, 2)
    assert list(constrain(Trivial(2), T(2), v)) == []
    assert not gram(Trivial(2), T(2), v).any()
    assert residual(Trivial(2), T(2), v) == 0.0


@pytest.mark.parametrize("entries", [10, 500])
def test_a_matrix_of_too_many_numbers_is_not_made(entries):
    assert constraint_matrix(group("SO(3)"), T(4), entries) is None
    assert constraint_matrix(group("SO(3)"), T(1), 500) is not None


def test_permutations_constrain_as_their_matrices():
    G = S(3)
    v = normal(27, 2)
    by_matrices = [T(3).rho(h) @ v - v for h in G.discrete_generators]
    torch.testing.assert_close(list(constrain(G, T(3), v)), by_matrices)


@pytest.mark.parametrize("size", [1e-5, 1e5])
def test_no_unit_decides_what_is_invariant(size):
    G = Group(2, lie_algebra=size * group("SO(2)").lie_algebra)
    torch.testing.assert_close(equivariant_projector(G, T(4)), equivariant_projector("SO(2)", T(4)))
