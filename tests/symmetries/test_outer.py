"""Types over direct products, and types that are bound to one group."""

import pickle

import pytest
import torch
from brute_force import projector

from softsym.symmetries import (
    DirectProduct,
    O,
    S,
    Scalar,
    T,
    V,
    equivariant_basis,
    equivariant_projector,
    group,
    rep,
)
from softsym.symmetries.blocks import tensor_blocks
from softsym.symmetries.representations import Outer
from softsym.symmetries.solver import tensor_basis

OUTER = (
    ("S(3)xO(2)", "V(S(3)) x V(O(2))"),
    ("S(3)xO(2)", "V(S(3))"),
    ("S(3)xO(2)", "V(S(3))*V(O(2))*V(S(3))"),
    ("S(3)xO(2)", "V(S(3)) x T0 + 2(V(S(3)) x V(O(2))) + T0"),
    ("S(3)xO(2)", "(T0 + T1) x (T1 + T2)"),
    ("S(3)xO(2)", "2(T1 x T2) >> T1 x T0"),
    ("S(3)xO(2)", "T1*(T1 x T1)"),
    ("S(3)xO(2)", "T1 + (T1 x T1) >> T1"),
    ("S(3)xO(2)", "(T1 x T1)*(T0 x T2)"),
    ("S(3)xO(2)", "V(S(3)xO(2)) >> V(S(3)) x V(O(2))"),
    ("S(3)xO(2)", "(V(S(3)) x V(O(2)))(S(3)xO(2)) >> V(O(2))"),
    ("SO(2)xScaling(2)", "T(2,0) x T(1,1) + T1"),
    ("SO(2)xScaling(2)", "T(1,1) >> (T1 x T(0,1)) + (T2 x T0)"),
    ("GL(2)xS(2)", "T(1,1).T x T1"),
    ("GL(2)xS(2)", "T(0,1)*(T1 x T2)"),
    ("O(2)x(C(3)*Scaling(2))", "T1 x T1 >> T1 x T1"),
    ("O(2)x(C(3)*Scaling(2))", "V(C(3)*Scaling(2)) >> V(C(3)*Scaling(2))"),
    ("O(2)xO(2)", "(V(O(2)) x T0)*(V(O(2)) x T1)*(T0 x T1)"),
    ("S(2)xO(2)xC(3)", "T1 x T1 x T1 >> T1 + (T0 x T2 x T0)"),
    ("S(2)xO(2)xC(3)", "V(S(2))*V(O(2)) >> V(O(2))"),
)


def normal(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def drawn(G, n):
    return G.sample_elements(n, torch.Generator().manual_seed(0))


def along(G, n):
    """Random elements of the algebra of each factor."""
    return tuple(
        torch.einsum("nk,kij->nij", normal(n, len(factor.lie_algebra)), factor.lie_algebra)
        for factor in G.factors
    )


@pytest.mark.parametrize(("name", "text"), OUTER)
def test_the_basis_is_the_null_space_of_all_generators(name, text):
    G, R = group(name), rep(text)
    torch.testing.assert_close(equivariant_projector(G, R), projector(G, R))


def test_an_empty_part_leaves_nothing():
    assert rep("T1 x (0T0)").size((2, 3)) == 0
    Q = equivariant_basis("GL(2)xS(2)", "(T1 x (0T0)) + (T(1,1) x T1)")
    assert torch.equal(Q, equivariant_basis("GL(2)xS(2)", "T(1,1) x T1"))


@pytest.mark.parametrize(("name", "text"), OUTER)
def test_every_element_fixes_the_basis(name, text):
    G, R = group(name), rep(text)
    Q = equivariant_basis(G, R)
    torch.testing.assert_close(Q.T @ Q, torch.eye(Q.shape[1], dtype=torch.float64))
    moved = R.over(G).rho(drawn(G, 4)) @ Q
    torch.testing.assert_close(moved, Q.expand(4, -1, -1), atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize(("name", "text"), OUTER)
def test_prints_and_parses_back(name, text):
    for R in (rep(text), rep(text).over(group(name)), rep(text).T):
        assert rep(str(R)) == R
        assert hash(rep(str(R))) == hash(R)
        assert pickle.loads(pickle.dumps(R)) == R


@pytest.mark.parametrize(("name", "text"), OUTER)
def test_acting_is_multiplying_by_the_matrix(name, text):
    G = group(name)
    R = rep(text).over(G)
    size = R.size(G.space)
    g, A, v = drawn(G, 6), along(G, 6), normal(6, size)
    torch.testing.assert_close(R.act(g, v), torch.einsum("nij,nj->ni", R.rho(g), v))
    torch.testing.assert_close(R.act_derivative(A, v), torch.einsum("nij,nj->ni", R.drho(A), v))
    batches = tuple(part.view(2, 3, *part.shape[1:]) for part in g)
    torch.testing.assert_close(R.act(batches, v.view(2, 3, -1)).flatten(0, 1), R.act(g, v))
    one = tuple(part[0] for part in g)
    torch.testing.assert_close(R.act(one, v), v @ R.rho(one).T)


@pytest.mark.parametrize(("name", "text"), OUTER)
def test_is_a_representation(name, text):
    G = group(name)
    R = rep(text).over(G)
    g, h = drawn(G, 3), tuple(part.flip(0) for part in drawn(G, 3))
    both = tuple(a @ b for a, b in zip(g, h, strict=True))
    torch.testing.assert_close(R.rho(both), R.rho(g) @ R.rho(h))
    inverse = torch.linalg.inv(R.rho(g)).mT
    torch.testing.assert_close(R.T.rho(g), inverse, atol=1e-8, rtol=1e-8)
    A = along(G, 2)
    moved = R.rho(tuple(torch.linalg.matrix_exp(part) for part in A))
    torch.testing.assert_close(torch.linalg.matrix_exp(R.drho(A)), moved, atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize(("name", "text"), OUTER)
def test_blocks_hold_every_position_once_and_rho_is_block_diagonal_in_them(name, text):
    G = group(name)
    R = rep(text).over(G)
    size, blocks = R.size(G.space), tensor_blocks(R, G.space)
    positions = torch.cat([index.reshape(-1) for index in blocks.values()])
    assert sorted(positions.tolist()) == list(range(size))
    g = tuple(part[0] for part in drawn(G, 1))
    expected = torch.zeros(size, size, dtype=torch.float64)
    for tensor, index in blocks.items():
        for copy in index:
            expected[copy[:, None], copy] = tensor.rho(g)
        assert tensor_basis(G, tensor).shape[0] == index.shape[1]
    torch.testing.assert_close(R.rho(g), expected)


def test_text_and_operators_agree():
    R = V(S(5)) @ V(O(3))
    assert rep("V(S(5)) x V(O(3))") == rep("V(S(5))xV(O(3))") == R
    assert str(R) == "T1(S(5)) x T1(O(3))"
    assert rep("T2(S(5)) x T0") == T(2)(S(5)) @ Scalar


def test_products_over_different_spaces_are_flat():
    assert (T(1) @ T(0)) @ T(2) == T(1) @ (T(0) @ T(2)) == Outer((T(1), T(0), T(2)))


def test_times_means_the_same_as_x_for_types_of_different_factors():
    G = DirectProduct(S(5), O(3))
    one, other = rep("V(S(5)) x V(O(3))"), rep("V(S(5))*V(O(3))")
    assert equivariant_basis(G, one).shape == (15, 0)
    maps, products = (equivariant_projector(G, R >> R) for R in (one, other))
    torch.testing.assert_close(products, maps)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("V(S(5)) x V(O(3))", 15),
        ("V(S(5)) x T2(O(3))", 45),
        ("T1 x T2 + 2(T0 x T1)", 51),
        ("(2T0 + T1) x T1", 21),
        ("V(S(5))*V(O(3))", 15),
        ("T1 + V(S(5))", 20),
    ],
)
def test_sizes(text, size):
    assert rep(text).size((5, 3)) == size
    assert rep(text).over(group("S(5)xO(3)")).size((5, 3)) == size


def test_groups_in_the_type_tell_its_size():
    assert rep("V(S(5)) x V(O(3))").size(15) == 15
    assert V(S(5)).size() == V(S(5)).size(15) == 5
    assert T(2)(group("S(5)xO(3)")).size() == 225


@pytest.mark.parametrize(
    ("name", "text", "rank"),
    [
        ("S(5)xO(3)", "V(S(5)) x V(O(3)) >> V(S(5)) x V(O(3))", 2),
        ("S(5)xO(3)", "V(S(5)) x T0 >> V(S(5)) x T0", 2),
        ("S(5)xO(3)", "V(S(5)) >> V(O(3))", 0),
        ("S(4)xS(5)", "V(S(4)) x V(S(5)) >> V(S(4)) x V(S(5))", 4),
        ("S(4)xS(5)", "T2 x T3", 2 * 5),
        ("S(4)xO(3)", "T3 x T4", 5 * 3),
        ("SL(2)xSO(3)", "T4 x T3", 2),
        ("GL(2)xSO(3)xS(3)", "T(2,2) x T4 x T1", 2 * 3),
    ],
)
def test_ranks_multiply(name, text, rank):
    assert equivariant_basis(name, text).shape[1] == rank


def test_the_whole_space_is_the_product_of_vectors():
    G = group("S(3)xO(2)")
    g = drawn(G, 5)
    torch.testing.assert_close(T(1).rho(g), G.sample(5, torch.Generator().manual_seed(0)))
    torch.testing.assert_close(T(1).rho(g), (T(1) @ T(1)).rho(g))


def test_a_type_of_one_group_is_that_type_there():
    assert torch.equal(equivariant_basis(O(3), T(4)(O(3))), equivariant_basis(O(3), T(4)))
    G = group("S(2)xO(2)")
    whole = equivariant_basis(G, T(2)(G))
    assert torch.equal(whole, equivariant_basis(G, T(2)))


def test_content_tells_types_of_groups_apart():
    assert V(S(3)) == V(group("S(3)"))
    assert hash(V(S(3))) == hash(V(group("S(3)")))
    assert len({V(S(3)), V(group("S(3)")), V(O(3)), V, T(2)(S(3))}) == 4


def test_one_of_two_equal_factors_is_named_by_its_place():
    G = group("O(2)xO(2)")
    message = r"T1\(O\(2\)\) is a representation of O\(2\), which occurs 2 times in O\(2\)xO"
    with pytest.raises(ValueError, match=message + r".*say its place, as in 'V\(O\(3\)\) x T0'"):
        equivariant_basis(G, "V(O(2))")
    assert equivariant_basis(G, "V(O(2)) x T0 >> V(O(2)) x T0").shape[1] == 1
    assert equivariant_basis(G, "V(O(2)) x T0 >> T0 x V(O(2))").shape[1] == 0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("O(3)", "V(S(5))", r"T1\(S\(5\)\) is a representation of S\(5\), which is not O\(3\)\."),
        ("S(4)xO(3)", "V(S(5))", r"which is not S\(4\)xO\(3\)\. Use it with S\(5\), with a direct"),
        ("O(3)xS(5)", "V(S(5)) x V(O(3))", r"of S\(5\), which is not O\(3\)"),
        ("O(3)", "V(O(3)) >> V(SO(3))", r"of SO\(3\), which is not O\(3\)"),
        (
            "O(3)",
            "T1 x T1",
            r"direct product of 2 groups, written as 'S\(5\)xO\(3\)'; O\(3\) is none",
        ),
        ("O(2)xO(2)xO(2)", "T1 x T1", r"'; O\(2\)xO\(2\)xO\(2\) is one of 3"),
        ("O(2)xO(2)", "T0 + T1 x T1 x T1", "for a direct product of 3 groups"),
    ],
)
def test_a_type_for_another_group(name, text, message):
    with pytest.raises(ValueError, match=message):
        equivariant_basis(name, text)


@pytest.mark.parametrize("method", ["rho", "drho", "factors", "derivative_factors"])
def test_a_matrix_of_the_whole_space_is_refused(method):
    message = r"T1 x T0 needs an element of each of its 2 groups, as Group\.sample_elements draws"
    for element in (torch.eye(6).double(), (torch.eye(2).double(),) * 3):
        with pytest.raises(ValueError, match=message):
            getattr(T(1) @ T(0), method)(element)


@pytest.mark.parametrize("method", ["rho", "drho", "factors", "derivative_factors"])
def test_a_type_of_one_group_refuses_matrices_of_another_space(method):
    R = V(S(5))
    message = r"T1\(S\(5\)\) is a representation of S\(5\), .*matrices of R\^5; got one of R\^3"
    with pytest.raises(ValueError, match=message):
        getattr(R, method)(torch.eye(3).double())
    torch.testing.assert_close(R.rho(S(5).discrete_generators), S(5).discrete_generators)


@pytest.mark.parametrize("space", [15, (5, 3, 2), (5,)])
def test_the_size_needs_the_dimension_of_each_space(space):
    with pytest.raises(ValueError, match=r"T1 x T1 needs the dimension of each of its 2 spaces"):
        (T(1) @ T(1)).size(space)


def test_the_dual_of_a_type_of_one_group_is_of_that_group():
    assert T(2, 1).T(S(3)) == T(2, 1)(S(3)).T
    assert T(0, 1)(S(3)) @ T(1, 2).T == (V(S(3)) @ T(1, 2)).T


@pytest.mark.parametrize("what", ["S(5)", 3, None])
def test_a_type_is_for_a_group_and_not_its_name(what):
    with pytest.raises(ValueError, match=r"A type is for a Group, as in V\(S\(5\)\); got"):
        V(what)


def test_a_wrong_group_in_a_type_is_quoted_as_written():
    with pytest.raises(ValueError, match=r"Unknown group 'So' in 'S\(5\) x So\(3\)'"):
        rep("V(S(5)xSo(3))")
