"""Numbers of invariants by closed forms, and laws that bases of different types obey."""

from itertools import pairwise
from math import comb, factorial

import pytest
import torch
from compliance.groups import elements
from hypothesis import given, settings
from hypothesis import strategies as st
from market import names, pairs, seeds

from softsym.symmetries import (
    Group,
    T,
    equivariant_basis,
    equivariant_projector,
    group,
    rep,
)

BELL = [1, 1, 2, 5, 15, 52]
CENTRAL_TRINOMIAL = [1, 1, 3, 7, 19, 51, 141]
RIORDAN = [1, 0, 1, 1, 3, 6, 15, 36]
SMALL = [rep(text) for text in ("T0", "T1", "T(0,1)", "T2", "T(1,1)", "T0 + 2T1", "T1 >> T0 + T1")]


def rank(G, R):
    return equivariant_basis(G, R).shape[1]


def ranks(name, count):
    return [rank(name, T(n)) for n in range(count)]


@pytest.mark.parametrize(
    ("name", "tensors"),
    [
        *(("Cube", 5), ("D(4)", 7), ("C(3)", 7), ("S(4)", 5), ("Z(3)xC(2)", 4), ("D(3)xD(2)", 5)),
        *(("D(3)@xy", 6), ("C(4)@zx*Reflect(3)", 6), ("Parity", 5), ("S(3)*Z(3)", 6)),
    ],
)
def test_ranks_are_means_of_characters(name, tensors):
    G = group(name)
    traces = G.finite_elements.diagonal(dim1=1, dim2=2).sum(1)
    for n in range(tensors):
        assert rank(G, T(n)) == pytest.approx(float((traces**n).mean()))


@pytest.mark.parametrize("name", ["Cube", "D(4)", "C(3)xS(2)"])
@pytest.mark.parametrize("text", ["T1 >> T1", "T0 + 2T1", "2T1 + T2 >> T0 + T1"])
def test_ranks_of_any_type_are_means_of_characters(name, text):
    G, R = group(name), rep(text)
    traces = R.rho(G.finite_elements).diagonal(dim1=1, dim2=2).sum(1)
    assert rank(G, R) == pytest.approx(float(traces.mean()))


@pytest.mark.parametrize("name", ["D(4)", "Cube", "S(3)xC(4)", "C(5)"])
@pytest.mark.parametrize("tensor", [T(1), T(2), T(1, 1)], ids=str)
def test_projectors_are_means_over_the_elements(name, tensor):
    G = group(name)
    mean = tensor.rho(G.finite_elements).mean(0)
    torch.testing.assert_close(equivariant_projector(G, tensor), mean)


def test_rotations_of_space_leave_riordan_numbers():
    assert ranks("SO(3)", 8) == RIORDAN


def test_permutations_leave_bell_numbers():
    assert ranks("S(5)", 6) == BELL


def test_turns_about_an_axis_leave_central_trinomials():
    assert ranks("SO(2)@xy", 7) == CENTRAL_TRINOMIAL


def test_turns_and_flips_beside_a_fixed_axis_leave_half_as_many_and_the_axis():
    assert ranks("O(2)@xy", 7) == [(c + 1) // 2 for c in CENTRAL_TRINOMIAL]


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_turns_of_the_plane_leave_central_binomials(k):
    assert rank("SO(2)", T(2 * k)) == rank("U(1)", T(k, k)) == comb(2 * k, k)


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_the_smallest_symplectic_groups_leave_catalan_numbers(k):
    catalan = comb(2 * k, k) // (k + 1)
    assert rank("SL(2)", T(2 * k)) == rank("Sp(1)", T(k, k)) == catalan
    assert rank("SU(2)", T(2 * k)) == 4**k * catalan


@pytest.mark.parametrize("k", [0, 1, 2])
def test_unitary_groups_pair_the_complex_vectors_with_their_conjugates(k):
    assert rank("U(2)", T(2 * k)) == comb(2 * k, k) * factorial(k)


@pytest.mark.parametrize(
    ("name", "counts"), [("Lorentz", [1, 0, 1, 0, 3]), ("SO13p", [1, 0, 1, 0, 4])]
)
def test_space_time_leaves_as_many_as_space_of_four_dimensions(name, counts):
    assert ranks(name, 5) == counts


@pytest.mark.parametrize("n", [2, 3])
def test_translations_leave_directions_and_the_sum_of_weights(n):
    assert rank(f"Translation({n})", T(1)) == n
    assert rank(f"SE({n})", T(1)) == 0
    assert rank(f"SE({n})", T(0, 1)) == rank(f"Translation({n})", T(0, 1)) == 1


def inverse_transposed(G):
    """The group of g^-T: over it the dual of a type is the type itself."""
    return Group(
        G.dim, -G.lie_algebra.mT, torch.linalg.inv(G.discrete_generators).mT, "inverse transposed"
    )


@given(pairs(), seeds)
@settings(max_examples=60)
def test_the_dual_over_a_group_is_the_type_over_its_inverse_transpose(pair, seed):
    G, R = pair
    dual, other = equivariant_projector(G, R.T), equivariant_projector(inverse_transposed(G), R)
    torch.testing.assert_close(dual, other, atol=1e-8, rtol=0)
    moved = torch.linalg.inv(R.rho(elements(G, 1, seed)[0])).mT @ dual
    torch.testing.assert_close(moved, dual, atol=1e-7, rtol=1e-7)


@given(st.sampled_from(names()), st.sampled_from(SMALL), st.sampled_from(SMALL))
@settings(max_examples=60)
def test_products_of_invariants_are_invariant(name, one, other):
    G = group(name)
    both = torch.kron(*(equivariant_projector(G, R) for R in (one, other)))
    torch.testing.assert_close(equivariant_projector(G, one * other) @ both, both)


@given(st.sampled_from(names()), st.sampled_from(SMALL), st.sampled_from(SMALL))
@settings(max_examples=60)
def test_invariants_of_a_sum_are_those_of_its_terms(name, one, other):
    G = group(name)
    by_term = torch.block_diag(*(equivariant_projector(G, R) for R in (one, other)))
    torch.testing.assert_close(equivariant_projector(G, one + other), by_term)


@given(st.sampled_from(names()), st.lists(st.sampled_from(SMALL), min_size=3, max_size=3))
@settings(max_examples=60)
def test_equivariant_maps_compose(name, types):
    G = group(name)
    sizes = [R.size(G.dim) for R in types]
    first, second = (
        equivariant_basis(G, a >> b).T.reshape(-1, b.size(G.dim), a.size(G.dim))
        for a, b in pairwise(types)
    )
    composed = torch.einsum("nij,mjk->nmik", second, first).reshape(-1, sizes[2] * sizes[0])
    P = equivariant_projector(G, types[0] >> types[2])
    torch.testing.assert_close(composed @ P, composed)


@given(st.sampled_from(names()), st.sampled_from(SMALL), st.sampled_from(SMALL))
@settings(max_examples=60)
def test_maps_send_invariants_to_invariants(name, one, other):
    G = group(name)
    W = equivariant_basis(G, one >> other).T.reshape(-1, other.size(G.dim), one.size(G.dim))
    images = (W @ equivariant_basis(G, one)).transpose(0, 1).flatten(1)
    P = equivariant_projector(G, other)
    torch.testing.assert_close(P @ images, images)


@given(pairs(40), seeds)
@settings(max_examples=60)
def test_in_other_coordinates_the_invariants_are_the_same_ones_moved(pair, seed):
    G, R = pair
    generator = torch.Generator().manual_seed(seed)
    k = torch.linalg.qr(torch.randn(G.dim, G.dim, dtype=torch.float64, generator=generator)).Q
    moved = Group(G.dim, k @ G.lie_algebra @ k.T, k @ G.discrete_generators @ k.T, "moved")
    expected = R.rho(k) @ equivariant_projector(G, R) @ R.rho(k).T
    torch.testing.assert_close(equivariant_projector(moved, R), expected, atol=1e-8, rtol=0)


@given(st.sampled_from([n for n in names() if "xy" not in n]), st.sampled_from(SMALL))
@settings(max_examples=40)
def test_a_factor_alone_keeps_what_the_product_with_the_trivial_group_keeps(name, R):
    G = group(name)
    product = group(f"({name})xTrivial(1)")
    torch.testing.assert_close(equivariant_projector(product, R), equivariant_projector(G, R))
