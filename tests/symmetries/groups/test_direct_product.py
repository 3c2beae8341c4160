"""GxH: pairs of elements, on the tensor product of two spaces."""

import pytest
import torch
from brute_force import projector, scaled
from compliance.groups import GroupSuite, elements

from softsym.symmetries import (
    SO,
    C,
    DirectProduct,
    Generated,
    Group,
    O,
    S,
    Scaling,
    T,
    Trivial,
    equivariant_basis,
    equivariant_projector,
    group,
)


class TestDirectProduct(GroupSuite):
    groups = ("S(3)xO(2)", "SO(2)xScaling(1)", "O(2)x(C(3)*Scaling(2))", "C(4)xS(2)", "Z(2)xSp(1)")


@pytest.mark.parametrize("name", TestDirectProduct.groups)
def test_prints_as_it_is_written(name):
    assert str(group(name)) == name


def test_knows_its_factors_and_their_spaces():
    G = DirectProduct(S(5), O(3))
    assert G.factors == (S(5), O(3))
    assert G.space == (5, 3)
    assert G.dim == 15
    assert O(3).factors == (O(3),)
    assert O(3).space == 3


@pytest.mark.parametrize("name", TestDirectProduct.groups)
def test_a_sample_is_the_kronecker_product_of_one_for_each_factor(name):
    G = group(name)
    g, h = G.sample_elements(6, torch.Generator().manual_seed(1))
    pairs = zip(g.contiguous(), h.contiguous(), strict=True)
    one_by_one = torch.stack([torch.kron(*pair) for pair in pairs])
    torch.testing.assert_close(elements(G, 6, seed=1), one_by_one)
    assert (g.shape[-1], h.shape[-1]) == G.space


def test_factors_are_drawn_independently():
    g, h = group("C(2)xC(2)").sample_elements(4000, torch.Generator().manual_seed(0))
    together = g[:, 0, 0] * h[:, 0, 0]
    assert float(together.mean().abs()) < 0.06


def test_one_factor_moves_while_the_others_rest():
    G = group("SO(2)xScaling(3)")
    turn, scale = G.algebra_elements
    torch.testing.assert_close(turn[0], SO(2).lie_algebra[0])
    torch.testing.assert_close(scale[1], Scaling(3).lie_algebra[0])
    assert not turn[1].any()
    assert not scale[0].any()
    torch.testing.assert_close(
        G.lie_algebra[0], torch.kron(SO(2).lie_algebra[0], torch.eye(3).double())
    )


@pytest.mark.parametrize("tensor", [T(0), T(1), T(2), T(1, 1), T(0, 2), T(2, 1)], ids=str)
@pytest.mark.parametrize("name", ["SO(2)xScaling(1)", "O(2)x(C(3)*Scaling(2))", "SO(2)xS(2)"])
def test_equals_a_plain_group_of_the_same_generators(name, tensor):
    G = group(name)
    plain = scaled(G)
    assert plain != G
    assert plain.closed_form(tensor.p, tensor.q) is None
    ours, solved = equivariant_projector(G, tensor), equivariant_projector(plain, tensor)
    torch.testing.assert_close(ours, solved, atol=1e-9, rtol=0)


@pytest.mark.parametrize("tensor", [T(1), T(2), T(1, 1)], ids=str)
@pytest.mark.parametrize("name", ["S(3)xO(2)", "S(2)xS(3)", "C(4)xC(3)", "Trivial(2)xO(2)"])
def test_equals_the_null_space_of_all_generators(name, tensor):
    G = group(name)
    torch.testing.assert_close(equivariant_projector(G, tensor), projector(G, tensor))


@pytest.mark.parametrize(("p", "q"), [(1, 0), (2, 0), (1, 1), (2, 1), (4, 0)])
def test_ranks_multiply(p, q):
    ranks = [equivariant_basis(name, T(p, q)).shape[1] for name in ("S(2)xO(2)", "S(2)", "O(2)")]
    assert ranks[0] == ranks[1] * ranks[2]


@pytest.mark.parametrize(
    "nested",
    [
        lambda: DirectProduct(DirectProduct(O(2), S(2)), C(3)),
        lambda: DirectProduct(O(2), DirectProduct(S(2), C(3))),
        lambda: group("O(2)x(S(2)xC(3))"),
    ],
)
def test_nested_products_are_flat(nested):
    flat, G = DirectProduct(O(2), S(2), C(3)), nested()
    assert G.factors == flat.factors
    assert G.space == (2, 2, 2)
    assert str(G) == str(flat) == "O(2)xS(2)xC(3)"
    assert flat == G


def test_a_group_with_the_same_generators_is_equal_and_no_product():
    G = group("S(2)xS(3)")
    plain = Group(6, discrete_generators=G.discrete_generators)
    assert plain == G
    assert plain.factors == (plain,)
    torch.testing.assert_close(equivariant_projector(plain, "T2"), equivariant_projector(G, "T2"))


def test_order_matters():
    assert DirectProduct(O(2), S(3)) != DirectProduct(S(3), O(2))


def test_permutations_of_both_spaces_are_permutations_of_the_whole():
    G = group("S(3)xZ(4)")
    assert G.permutations.shape == (3, 12)
    assert len(group("S(3)xZ(2)").finite_elements) == 12


@pytest.mark.parametrize(
    ("name", "orthogonal", "compact"),
    [
        ("S(3)xO(2)", True, True),
        ("O(2)xScaling(2)", False, False),
        ("C(3)xS(2)", True, True),
        ("SL(2)xO(1)", False, False),
    ],
)
def test_orthogonal_and_compact_where_all_factors_are(name, orthogonal, compact):
    G = group(name)
    assert G.is_orthogonal == orthogonal
    assert G.is_compact == compact


def test_is_read_from_left_to_right():
    assert group("SO(2)xC(3)*Scaling(4)") == Generated(DirectProduct(SO(2), C(3)), Scaling(4))
    assert group("SO(2)x(C(3)*Scaling(2))") == DirectProduct(SO(2), C(3) * Scaling(2))
    with pytest.raises(ValueError, match=r"different dimension .* put what belongs together in"):
        group("SO(2)xC(3)*Scaling(2)")


@pytest.mark.parametrize("groups", [(), (Trivial(2),)])
def test_too_few_groups(groups):
    with pytest.raises(ValueError, match=r"A direct product needs at least two groups; got \["):
        DirectProduct(*groups)


@pytest.mark.parametrize("name", ["Cube x O(3)", "O(2)@xy x O(2)", "Parity x Lorentz", "S(2)xCube"])
def test_names_that_end_without_parentheses_parse_back(name):
    assert str(group(str(group(name)))) == str(group(name))
    assert group(str(group(name))) == group(name)
