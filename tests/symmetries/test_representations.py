"""Representations: arithmetic, actions, and the positions of their tensors."""

import pytest
import torch
from compliance.groups import elements
from hypothesis import given, settings
from market import REPS, pairs, seeds

from softsym.symmetries import Scalar, T, Vector, group, rep
from softsym.symmetries.blocks import tensor_blocks
from softsym.symmetries.kronecker import kron_all, leibniz
from softsym.symmetries.representations import Sum, direct_sum


def algebra_element(G, seed):
    z = torch.randn(len(G.lie_algebra), generator=torch.Generator().manual_seed(seed))
    return torch.einsum("k,kij->ij", z.double(), G.lie_algebra)


def close(actual, expected):
    torch.testing.assert_close(actual, expected, atol=1e-8, rtol=1e-8)


@given(pairs(), seeds)
@settings(max_examples=100)
def test_rho_is_a_homomorphism(pair, seed):
    G, R = pair
    g, h = elements(G, 2, seed)
    close(R.rho(g @ h), R.rho(g) @ R.rho(h))
    one = torch.eye(R.size(G.dim), dtype=torch.float64)
    close(R.rho(torch.eye(G.dim, dtype=torch.float64)), one)
    close(R.rho(g) @ R.rho(torch.linalg.inv(g)), one)


@given(pairs(), seeds)
@settings(max_examples=100)
def test_rho_takes_stacks_of_elements(pair, seed):
    G, R = pair
    drawn = elements(G, 6, seed).view(2, 3, G.dim, G.dim)
    one_by_one = torch.stack([R.rho(g) for g in drawn.flatten(0, 1)])
    close(R.rho(drawn).flatten(0, 1), one_by_one)


@given(pairs(), seeds)
@settings(max_examples=100)
def test_the_dual_is_the_inverse_transpose(pair, seed):
    G, R = pair
    g = elements(G, 1, seed)[0]
    close(R.T.rho(g), torch.linalg.inv(R.rho(g)).mT)
    close(R.T.T.rho(g), R.rho(g))
    assert R.T.size(G.dim) == R.size(G.dim)


@given(pairs(), seeds)
@settings(max_examples=100)
def test_drho_is_the_derivative_of_rho(pair, seed):
    G, R = pair
    A, t = algebra_element(G, seed), 1e-4
    ahead, behind = (R.rho(torch.linalg.matrix_exp(s * A)) for s in (t, -t))
    slope = (ahead - behind) / (2 * t)
    torch.testing.assert_close(R.drho(A), slope, atol=2e-5, rtol=1e-5)
    close(torch.linalg.matrix_exp(R.drho(A)), R.rho(torch.linalg.matrix_exp(A)))


@given(pairs(), seeds)
@settings(max_examples=100)
def test_acting_is_multiplying_by_the_matrix(pair, seed):
    G, R = pair
    g, A = elements(G, 6, seed), torch.stack([algebra_element(G, seed + k) for k in range(6)])
    v = torch.randn(6, R.size(G.dim), generator=torch.Generator().manual_seed(seed)).double()
    close(R.act(g, v), torch.einsum("nij,nj->ni", R.rho(g), v))
    close(R.act_derivative(A, v), torch.einsum("nij,nj->ni", R.drho(A), v))
    close(R.act(g[0], v), v @ R.rho(g[0]).T)
    batches = R.act(g.view(2, 3, G.dim, G.dim), v.view(2, 3, -1))
    close(batches.flatten(0, 1), R.act(g, v))
    close(R.act(g.unsqueeze(0), v.expand(4, -1, -1))[3], R.act(g, v))


@given(pairs(), seeds)
@settings(max_examples=100)
def test_the_factors_multiply_to_the_matrix(pair, seed):
    G, R = pair
    g, A = elements(G, 1, seed)[0], algebra_element(G, seed)
    close(kron_all(R.factors(g), g), R.rho(g))
    close(leibniz(R.derivative_factors(A), A), R.drho(A))


@given(pairs(), seeds)
@settings(max_examples=100)
def test_drho_of_the_dual_is_the_negative_transpose(pair, seed):
    G, R = pair
    A = algebra_element(G, seed)
    close(R.T.drho(A), -R.drho(A).mT)
    close(R.T.T.drho(A), R.drho(A))


@pytest.mark.parametrize("text", REPS)
@pytest.mark.parametrize("name", ["GL(2)", "SO(3)*Scaling(3)", "O(2)@xz"])
def test_blocks_hold_every_position_once_and_rho_is_block_diagonal_in_them(name, text):
    G, R = group(name), rep(text)
    g = elements(G, 1)[0]
    size = R.size(G.dim)
    blocks = tensor_blocks(R, G.dim)
    positions = [index.reshape(-1) for index in blocks.values()] or [torch.zeros(0).long()]
    assert sorted(torch.cat(positions).tolist()) == list(range(size))
    whole, expected = R.rho(g), torch.zeros(size, size, dtype=torch.float64)
    for tensor, index in blocks.items():
        for copy in index:
            expected[copy[:, None], copy[None, :]] = tensor.rho(g)
    close(whole, expected)


@given(pairs(12), pairs(8), seeds)
def test_maps_act_on_the_rows_of_the_weight(pair, other, seed):
    (G, rep_in), (_, rep_out) = pair, other
    g = elements(G, 1, seed)[0]
    sizes = (rep_out.size(G.dim), rep_in.size(G.dim))
    if sizes[0] * sizes[1] > 2000:
        return
    W = torch.randn(sizes, generator=torch.Generator().manual_seed(seed)).double()
    moved = (rep_in >> rep_out).rho(g) @ W.reshape(-1)
    expected = rep_out.rho(g) @ W @ torch.linalg.inv(rep_in.rho(g))
    torch.testing.assert_close(moved, expected.reshape(-1), atol=1e-7, rtol=1e-7)


def test_dual_indices_come_last_and_rows_first():
    g = torch.tensor([[2.0, 1.0], [0.0, 1.0]], dtype=torch.float64)
    W = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    moved = T(1, 1).rho(g) @ W.reshape(-1)
    close(moved.view(2, 2), g @ W @ torch.linalg.inv(g))
    assert T(1, 1) == Vector >> Vector


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (2 * T(1), T(1) + T(1)),
        (T(1) * 2, 2 * T(1)),
        (T(0) * T(2, 1), T(2, 1)),
        ((T(0) + T(1)) * Scalar, T(0) + T(1)),
        (T(1) * T(1, 1), T(2, 1)),
        (2 * (3 * T(1)), 6 * T(1)),
        ((T(0) + T(1)) + T(1), T(0) + 2 * T(1)),
        (0 * T(1), 0 * T(2)),
        (T(1) + 0 * T(2), T(1)),
        (1 * T(2), T(2)),
    ],
)
def test_normal_form(one, other):
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == str(other)


def test_order_matters():
    assert T(0) + T(1) != T(1) + T(0)
    assert T(0, 1) * T(1) != T(1, 1)
    assert 2 * (T(0) + T(1)) != 2 * T(0) + 2 * T(1)


@pytest.mark.parametrize(("text", "size"), [("5T0 + 5T1", 20), ("T(2,1)", 27), ("T1 >> T2", 27)])
def test_sizes(text, size):
    assert rep(text).size(3) == size


def test_values_are_immutable():
    with pytest.raises(AttributeError):
        T(1).p = 2
    with pytest.raises(AttributeError):
        (T(0) + T(1)).terms = ()
    assert isinstance(direct_sum([]), Sum)


@pytest.mark.parametrize("indices", [(-1,), (1, -2), (1.0,), (True,)])
def test_bad_indices(indices):
    with pytest.raises(ValueError, match=r"T\(p, q\) needs whole numbers p, q >= 0; got T\("):
        T(*indices)


@pytest.mark.parametrize("count", [-1, True])
def test_bad_multiple(count):
    with pytest.raises(ValueError, match="must be a whole number of 0 or more; got"):
        count * T(1)


@pytest.mark.parametrize("text", ["T2", "T(1,1).T", "T0 + 2T1", "T1*(T0 + T1)", "0T0", "T1*(0T0)"])
def test_one_element_moves_many_vectors_and_many_one(text):
    R, g = rep(text), elements(group("GL(2)"), 3)
    v = torch.randn(3, R.size(2), dtype=torch.float64)
    each = torch.stack([R.rho(h) @ w for h, w in zip(g, v, strict=True)])
    close(R.act(g, v), each)
    close(R.act(g[0], v), v @ R.rho(g[0]).mT)
    close(R.act(g, v[0]), torch.einsum("nij,j->ni", R.rho(g), v[0]))
    assert R.act(g[:, None], v).shape == (3, 3, R.size(2))
    close(R.act_derivative(g[0], v), v @ R.drho(g[0]).mT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T1*2T1", T(1) * (2 * T(1))),
        ("2T1*T1", (2 * T(1)) * T(1)),
        ("T1 x 2T1", T(1) @ (2 * T(1))),
        ("2T(2,1).T", 2 * T(2, 1).T),
        ("T0 + 2(T0 + T1)", T(0) + 2 * (T(0) + T(1))),
    ],
)
def test_a_multiple_binds_most_tightly(text, expected):
    assert rep(text) == expected


@pytest.mark.parametrize(("text", "width"), [("T1", 4), ("T0 + T1", 100), ("T2", 3), ("T0", 2)])
def test_vectors_of_another_size_are_refused(text, width):
    g = elements(group("O(2)"), 1)
    with pytest.raises(ValueError, match=rf"numbers over R\^2; got {width}"):
        rep(text).act(g, torch.zeros(1, width))


def test_single_precision_vectors_are_moved_in_double():
    moved = Vector.act(elements(group("O(2)"), 3), torch.ones(3, 2))
    assert moved.dtype == torch.float64


def test_text_is_no_representation_to_add():
    with pytest.raises(TypeError, match="unsupported operand"):
        Vector + "T2"
