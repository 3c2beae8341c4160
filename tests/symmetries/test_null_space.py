"""The ways to solve agree: by components, as one matrix, by the filter and by averaging."""

import pytest
import torch
from brute_force import projector, scaled

from softsym.symmetries import Group, T, equivariant_basis, group, null_space, rep
from softsym.symmetries.chebyshev import NotSeparatedError
from softsym.symmetries.limits import TooLargeError
from softsym.symmetries.null_space import null_space as solve

BY_COMPONENTS = {}
FILTERED_COMPONENTS = {"DENSE": 30}
AS_ONE_MATRIX = {"ENTRIES": 0}
FILTERED = {"ENTRIES": 0, "DENSE": 30}


def turned(G, seed=0):
    """G in other coordinates, where no numbers fall apart into components."""
    generator = torch.Generator().manual_seed(seed)
    k = torch.linalg.qr(torch.randn(G.dim, G.dim, dtype=torch.float64, generator=generator)).Q
    return Group(G.dim, k @ G.lie_algebra @ k.T, k @ G.discrete_generators @ k.T)


@pytest.mark.parametrize(
    "limits",
    [BY_COMPONENTS, FILTERED_COMPONENTS, AS_ONE_MATRIX, FILTERED],
    ids=["components", "filtered components", "one matrix", "filtered"],
)
@pytest.mark.parametrize(
    ("G", "text"),
    [
        (scaled(group("SO(3)")), "T4"),
        (turned(group("SO(3)")), "T4"),
        (turned(group("O(2)@xy")), "T4"),
        (turned(group("Reflect(3)")), "T3"),
        (scaled(group("GL(2)")), "T(3,3)"),
        (scaled(group("GL(3)")), "T(3,1)"),
        (group("SO13p"), "T(2,1)"),
        (group("C(5)*Scaling(2)"), "T(2,2)"),
        (group("Cube"), "T2"),
        (group("Translation(2)"), "T(2,1)"),
        (group("Reflect(3)"), "T3"),
        (group("Trivial(3)"), "T2"),
        (group("SO(2)xScaling(2)"), "T(1,1)"),
    ],
    ids=str,
)
def test_all_ways_agree(G, text, limits, monkeypatch):
    for name, value in limits.items():
        monkeypatch.setattr(null_space, name, value)
    R = rep(text)
    Q = solve(G, R)
    torch.testing.assert_close(Q.T @ Q, torch.eye(Q.shape[1], dtype=torch.float64))
    torch.testing.assert_close(Q @ Q.T, projector(G, R), atol=1e-8, rtol=0)


def test_a_component_that_the_filter_cannot_solve_is_solved_as_a_matrix(monkeypatch):
    def fails(apply, size):
        raise NotSeparatedError("too near")

    monkeypatch.setattr(null_space, "filtered_null_space", fails)
    monkeypatch.setattr(null_space, "DENSE", 30)
    G = turned(group("SO(3)"))
    torch.testing.assert_close(solve(G, T(4)) @ solve(G, T(4)).T, projector(G, T(4)))
    monkeypatch.setattr(null_space, "DENSE_AT_MOST", 60)
    with pytest.raises(NotSeparatedError, match="too near"):
        solve(G, T(4))


def test_what_moves_alone_is_zero():
    G = group("Scaling(3)")
    assert solve(G, T(3)).shape == (27, 0)
    assert solve(G, T(1, 1)).shape == (9, 9)


def test_what_moves_by_a_rounding_error_alone_is_invariant():
    nearly = Group(2, lie_algebra=[[1.0, 0.0], [0.0, 1e-12]])
    assert solve(nearly, T(1)).abs().tolist() == [[0.0], [1.0]]


def test_a_generator_that_does_nothing_constrains_nothing():
    G = Group(2, lie_algebra=[[0.0, 0.0], [0.0, 0.0]], discrete_generators=torch.eye(2))
    assert solve(G, T(2)).shape == (4, 4)


def test_a_basis_too_large_for_memory_is_refused(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 8 * 80 * 80)
    with pytest.raises(TooLargeError, match=r"The basis of T4 under Trivial\(3\), 81 x 81, needs"):
        solve(group("Trivial(3)"), T(4))


@pytest.mark.parametrize(
    ("name", "rank"), [("Z(6)", 3), ("D(5)", 5), ("Cube", 3), ("Reflect(3)", 5)]
)
def test_averages_over_a_finite_group_in_dense_coordinates(name, rank, monkeypatch):
    random = torch.Generator().manual_seed(0)
    named = group(name)
    axes = torch.randn(named.dim, named.dim, dtype=torch.float64, generator=random)
    axes = torch.linalg.qr(axes).Q
    G = Group(named.dim, discrete_generators=axes @ named.discrete_generators @ axes.T)
    monkeypatch.setattr("softsym.symmetries.null_space.DENSE", 10)
    basis = solve(G, T(rank))
    Q = T(rank).rho(axes) @ equivariant_basis(named, T(rank))
    torch.testing.assert_close(basis @ basis.T, Q @ Q.T, atol=1e-9, rtol=0)
