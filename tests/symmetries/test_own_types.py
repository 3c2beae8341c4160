"""Types of the user's own combine with all others, and are checked to be representations."""

import math
from dataclasses import dataclass

import pytest
import torch
from brute_force import projector

from softsym.symmetries import (
    O,
    Rep,
    T,
    equivariant_basis,
    equivariant_projector,
    group,
    rep,
)
from softsym.symmetries.blocks import tensor_blocks
from softsym.symmetries.solver import tensor_basis


def symmetric_traceless():
    """Five orthonormal matrices, (5, 9)."""
    a, b = math.sqrt(0.5), math.sqrt(1 / 6)
    matrices = torch.zeros(5, 3, 3, dtype=torch.float64)
    for k, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        matrices[k, i, j] = matrices[k, j, i] = a
    matrices[3] = torch.diag(torch.tensor([a, -a, 0.0], dtype=torch.float64))
    matrices[4] = torch.diag(torch.tensor([b, b, -2 * b], dtype=torch.float64))
    return matrices.flatten(1)


SPIN2 = symmetric_traceless()


@dataclass(frozen=True)
class Spin2(Rep):
    """Symmetric traceless matrices of R^3."""

    def size(self, dim):
        return 5

    def rho(self, g):
        return SPIN2 @ T(2).rho(g) @ SPIN2.T


@dataclass(frozen=True)
class Det(Rep):
    """One number that changes by a power of the determinant."""

    power: int = 1

    def size(self, dim):
        return 1

    def rho(self, g):
        return torch.linalg.det(g)[..., None, None] ** self.power


@dataclass(frozen=True)
class Doubled(Rep):
    """rho(g h) is not rho(g) rho(h)."""

    def size(self, dim):
        return dim

    def rho(self, g):
        return 2 * g


@dataclass(frozen=True)
class TooLong(Rep):
    def size(self, dim):
        return dim + 1

    def rho(self, g):
        return g


@dataclass(frozen=True)
class Fails(Rep):
    def size(self, dim):
        return 1

    def rho(self, g):
        raise RuntimeError("no such matrix")


@dataclass(frozen=True)
class NoMatrix(Rep):
    def size(self, dim):
        return 1

    def rho(self, g):
        return 1.0


@dataclass(frozen=True)
class WrongDerivative(Rep):
    def size(self, dim):
        return dim

    def rho(self, g):
        return g

    def drho(self, A):
        return 2 * A


@dataclass(frozen=True)
class NoDerivative(Rep):
    """Forward-mode differentiation cannot see through numpy."""

    def size(self, dim):
        return dim

    def rho(self, g):
        return torch.from_numpy(g.numpy().copy())


def algebra_elements(G, n):
    z = torch.randn(n, len(G.lie_algebra), generator=torch.Generator().manual_seed(0))
    return torch.einsum("nk,kij->nij", z.double(), G.lie_algebra)


TYPES = (
    ("O(3)", Spin2()),
    ("SO(3)", Spin2().T),
    ("GL(3)", Det()),
    ("GL(2)", Det(-2)),
    ("GL(2)", Det(3).T),
    ("O(3)", 2 * Det() + Spin2() + T(1)),
    ("O(3)", Det() * Spin2() * T(1)),
    ("GL(3)", (Det() + T(1)) >> T(0, 2)),
)


@pytest.mark.parametrize(("name", "R"), TYPES, ids=str)
def test_drho_is_the_derivative_of_rho(name, R):
    for A in algebra_elements(group(name), 3):
        ahead, behind = (R.rho(torch.linalg.matrix_exp(t * A)) for t in (1e-4, -1e-4))
        torch.testing.assert_close(R.drho(A), (ahead - behind) / 2e-4, atol=2e-6, rtol=1e-6)


@pytest.mark.parametrize(("name", "R"), TYPES, ids=str)
def test_acting_is_multiplying_by_the_matrix(name, R):
    G = group(name)
    v = torch.randn(4, R.size(G.dim), generator=torch.Generator().manual_seed(0)).double()
    g = G.sample(4, torch.Generator().manual_seed(0))
    torch.testing.assert_close(R.act(g, v), torch.einsum("nij,nj->ni", R.rho(g), v))
    torch.testing.assert_close(R.T.rho(g), torch.linalg.inv(R.rho(g)).mT)


@pytest.mark.parametrize(
    ("name", "R"),
    [
        *TYPES,
        ("O(3)", T(1) * T(1) >> Spin2()),
        ("O(3)", T(1) * Spin2() * T(1)),
        ("O(3)", 2 * (T(0) + Spin2()) >> T(2) + Spin2()),
        ("SO(3)", Spin2() * Spin2() >> T(0) + T(1)),
        ("O(2)", T(1) * Det() * T(1) + 3 * Det()),
        ("GL(2)", T(1, 1) >> T(2) * Det(-1)),
        ("C(4)", Det() * T(2)),
        ("S(3)", Det() * T(2) + T(1)),
        ("SO(3)*Scaling(3)", T(2, 1) * Det(-1)),
    ],
    ids=str,
)
def test_the_basis_is_the_null_space_of_all_generators(name, R):
    G = group(name)
    torch.testing.assert_close(equivariant_projector(G, R), projector(G, R))


@pytest.mark.parametrize(
    ("name", "R", "rank"),
    [
        ("O(3)", Spin2(), 0),
        ("O(3)", T(1) * T(1) >> Spin2(), 1),
        ("O(3)", Spin2() >> Spin2(), 1),
        ("O(3)", T(3) >> Spin2(), 0),
        ("SO(3)", T(3) >> Spin2(), 2),
        ("O(3)", T(3) * Det() >> Spin2(), 2),
        ("O(3)", Spin2() * Spin2() >> Spin2(), 1),
        ("SO(2)@xy", Spin2(), 1),
        ("SO(3)", Det(), 1),
        ("O(3)", Det(), 0),
        ("O(3)", Det(2), 1),
        ("O(3)", Det() * T(3), 1),
        ("O(3)", Det() >> Det(), 1),
        ("SL(2)", Det(), 1),
        ("GL(2)", Det(-1) * T(2), 1),
        ("GL(2)", Det() * T(2), 0),
        ("S(4)", Det() * T(3), 1),
        ("S(4)", Det(), 0),
    ],
    ids=str,
)
def test_ranks(name, R, rank):
    assert equivariant_basis(name, R).shape[1] == rank


def test_spin_two_spans_the_symmetric_traceless_part_of_matrices():
    Q = equivariant_basis("O(3)", T(2) >> Spin2())
    W = Q.reshape(5, 9)
    torch.testing.assert_close(W.T @ W * 5, SPIN2.T @ SPIN2)


def test_a_determinant_joins_the_antisymmetric_tensors():
    twisted = equivariant_projector("GL(2)", Det(-1) * T(2))
    torch.testing.assert_close(twisted, equivariant_projector("SL(2)", T(2)))


def test_own_types_are_parts_of_direct_products():
    G = group("O(3)xS(2)")
    for R in (Spin2() @ T(1), Det()(O(3)) >> Det() @ T(1), (T(2) >> Spin2()) @ T(2)):
        torch.testing.assert_close(equivariant_projector(G, R), projector(G, R))
    assert equivariant_basis(G, (T(2) >> Spin2()) @ T(2)).shape[1] == 1 * 2


def test_a_type_of_the_whole_space_acts_by_its_matrix():
    G = group("O(2)xS(2)")
    R = Det() * T(1) + T(2)
    torch.testing.assert_close(equivariant_projector(G, R), projector(G, R))


def test_copies_and_products_fall_into_tensors():
    blocks = tensor_blocks(2 * Spin2() + (T(0) + T(1)) * Det() + Det(), 3)
    assert {str(t): len(index) for t, index in blocks.items()} == {
        "Spin2()": 2,
        "Det(power=1)": 2,
        "T1*Det(power=1)": 1,
    }


def test_types_of_equal_content_are_solved_once():
    one, other = (tensor_basis(O(3), Det(power) * T(3)) for power in (1, 1))
    assert one is other
    assert Det(2) != Det(1)


def test_prints_in_parentheses_where_needed():
    assert str((2 * Det() + T(1)) >> Det()) == "Det(power=1)*(2Det(power=1).T + T(0,1))"


@pytest.mark.parametrize(
    ("R", "message"),
    [
        (
            Doubled(),
            r"Doubled\(\) is no representation of O\(3\): rho\(g h\) and rho\(g\) rho\(h\)",
        ),
        (Doubled() * T(1), r"Doubled\(\) is no representation of O\(3\)"),
        (T(0) + Doubled(), r"Doubled\(\) is no representation of O\(3\)"),
        (Doubled().T, r"Doubled\(\)\.T is no representation of O\(3\)"),
        (
            TooLong(),
            r"rho of TooLong\(\) must give matrices of shape \(4, 4\) for O\(3\); got \(3, ",
        ),
        (Fails(), r"rho of Fails\(\) fails for an element of O\(3\): no such matrix\."),
        (NoMatrix(), r"rho of NoMatrix\(\) fails for an element of O\(3\): .*'float' object"),
        (
            WrongDerivative(),
            r"drho of WrongDerivative\(\) is not the derivative of its rho along ge",
        ),
        (NoDerivative(), r"drho of NoDerivative\(\) "),
    ],
    ids=str,
)
def test_what_is_no_representation(R, message):
    with pytest.raises(ValueError, match=message):
        equivariant_basis("O(3)", R)


def test_a_representation_of_one_group_may_be_none_of_a_larger_one():
    assert equivariant_basis("O(3)", Spin2()).shape == (5, 0)
    with pytest.raises(ValueError, match=r"Spin2\(\) is no representation of GL\(3\).* differ by"):
        equivariant_basis("GL(3)", Spin2())


def test_text_cannot_name_own_types():
    with pytest.raises(ValueError, match="Cannot read the representation 'Spin2"):
        rep("Spin2() + T1")


@dataclass(frozen=True)
class NotOne(Rep):
    """No representation, though it is one of the identity alone."""

    def size(self, dim):
        return 1

    def rho(self, g):
        one = torch.eye(g.shape[-1], dtype=g.dtype)
        return torch.where((g == one).all(), 1.0, 3.0).double().expand(*g.shape[:-2], 1, 1)


@pytest.mark.parametrize("name", ["Reflect(3)", "C(2)", "C(4)", "O(1)", "Z(3)", "S(2)", "Parity"])
def test_small_groups_are_tried_beyond_the_identity(name):
    with pytest.raises(ValueError, match=r"is no representation of .*: rho\(g h\) and rho\(g\)"):
        equivariant_basis(name, NotOne())


def test_derivatives_come_in_batches():
    A = 0.1 * torch.randn(4, 3, 3, dtype=torch.float64)
    one_by_one = torch.stack([Spin2().drho(a) for a in A])
    torch.testing.assert_close(Spin2().drho(A), one_by_one)
    v = torch.randn(4, 5, dtype=torch.float64)
    moved = torch.einsum("nij,nj->ni", one_by_one, v)
    torch.testing.assert_close(Spin2().act_derivative(A, v), moved)


def test_beside_types_of_a_direct_product():
    G, R = group("O(2)xO(3)"), Det() * (T(1) @ T(0))
    torch.testing.assert_close(equivariant_projector(G, R.T * R), projector(G, R.T * R))


def test_as_a_part_of_a_type_of_a_direct_product():
    R = T(1) @ Det()
    assert equivariant_basis("O(2)xO(3)", R >> R).shape == (4, 1)
    assert equivariant_basis("O(2)xSO(3)", R >> T(1) @ T(0)).shape == (4, 1)
    assert equivariant_basis("O(2)xO(3)", R >> T(1) @ T(0)).shape == (4, 0)


@dataclass(frozen=True)
class Zero(Rep):
    def size(self, dim):
        return 1

    def rho(self, g):
        return 0 * torch.linalg.det(g)[..., None, None]


@dataclass(frozen=True)
class Single(Rep):
    def size(self, dim):
        return 1

    def rho(self, g):
        return torch.ones(1, 1)


@dataclass
class Mutable(Rep):
    def size(self, dim):
        return 1

    def rho(self, g):
        return torch.linalg.det(g)[..., None, None]


@pytest.mark.parametrize(
    ("R", "message"),
    [
        (
            Zero(),
            r"Zero\(\) is no representation of S\(3\): rho of the identity is not",
        ),
        (
            Single(),
            r"rho of Single\(\) must compute in the dtype of its argument, torch.float64; got",
        ),
    ],
)
def test_what_is_no_representation_of_a_finite_group(R, message):
    with pytest.raises(ValueError, match=message):
        equivariant_basis("S(3)", R)


def test_a_type_that_can_change_is_refused():
    with pytest.raises((ValueError, TypeError), match="hashable"):
        equivariant_basis("O(3)", Mutable())
