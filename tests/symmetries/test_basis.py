"""Equivariant bases against another solver and closed forms, and the laws of projectors."""

import math

import numpy as np
import pytest
import torch
from compliance.groups import elements
from hypothesis import given, settings
from market import DEAR, SUBGROUPS, pairs, seeds

from softsym.symmetries import (
    Group,
    T,
    equivariant_basis,
    equivariant_blocks,
    equivariant_projector,
    group,
    project,
    rep,
    solver,
)
from softsym.symmetries.limits import TooLargeError

REFERENCE_GROUPS = (
    *("Trivial(3)", "SO(2)", "SO(3)", "O(2)", "O(3)", "O(5)", "C(4)", "D(4)", "Scaling(3)"),
    *("Reflect(3)", "SL(3)", "GL(3)", "O(2)@xy", "O(2)@yz", "O(2)@xz", "SO(3)*Scaling(3)"),
    *("S(4)", "S(5)", "Z(5)", "Lorentz", "SO13p", "Sp(2)", "SE(3)", "Translation(3)"),
)
ARCHIVED = {"SO(3)*Scaling(3)": "SO(3)+Scaling(3)", "Translation(3)": "T(3)"}


def rank(name, *indices):
    return equivariant_basis(group(name), T(*indices)).shape[1]


@pytest.mark.parametrize("name", REFERENCE_GROUPS)
def test_equals_an_independent_solver(name, reference):
    archive, G = reference("emlp_projectors.npz"), group(name)
    keys = [key for key in archive.files if key.split("|")[0] == ARCHIVED.get(name, name)]
    assert len(keys) >= 8
    for key in keys:
        p, q = map(int, key.split("|")[1].split(","))
        error = np.abs(equivariant_projector(G, T(p, q)).numpy() - archive[key]).max()
        assert error < 1e-5, key


def test_no_group_of_the_independent_solver_is_left_out(reference):
    archived = {key.split("|")[0] for key in reference("emlp_projectors.npz").files}
    assert archived == {ARCHIVED.get(name, name) for name in REFERENCE_GROUPS}


@pytest.mark.parametrize("name", ["O(3)", "O(2)@xy", "O(2)@yz", "O(2)@xz"])
def test_equals_the_projected_layers_of_the_paper(name, reference):
    archive, G = reference("per_inertia_layers.npz"), group(name)
    hidden = "54T0 + 18T1 + 6T2 + 2T3"
    layers = {
        "input": ("5T0 + 5T1", hidden + " + 26T0"),
        "hidden": (hidden, hidden + " + 26T0"),
        "output": (hidden, "T2"),
    }
    for layer, (rep_in, rep_out) in layers.items():
        kinds = {"W": rep(rep_in) >> rep(rep_out), "b": rep(rep_out)}
        for what, kind in kinds.items():
            given_values = torch.from_numpy(archive[f"{layer}|{what}"])
            projected = project(G, kind, given_values.reshape(-1)).reshape(given_values.shape)
            assert projected.dtype == given_values.dtype
            expected = archive[f"{layer}|{name}|P{what}"]
            assert np.abs(projected.numpy() - expected).max() < 1e-5, (layer, what)


def check_projector(G, R, seed):
    P, size = equivariant_projector(G, R), R.size(G.dim)
    Q = equivariant_basis(G, R)
    assert Q.dtype == torch.float64
    torch.testing.assert_close(Q.T @ Q, torch.eye(Q.shape[1], dtype=torch.float64))
    torch.testing.assert_close(P @ P, P)
    torch.testing.assert_close(P, P.T)
    g = R.rho(elements(G, 3, seed))
    torch.testing.assert_close(g @ P, P.expand(3, -1, -1), atol=1e-7, rtol=1e-7)
    # orthogonal to what is kept by the dual, so that P commutes where rho is orthogonal
    if G.is_orthogonal:
        torch.testing.assert_close(P @ g, g @ P)
    v = torch.randn(2, size, generator=torch.Generator().manual_seed(seed)).double()
    torch.testing.assert_close(project(G, R, v), v @ P)


@given(pairs(), seeds)
@settings(max_examples=150)
def test_projector(pair, seed):
    check_projector(*pair, seed)


@pytest.mark.slow
@given(pairs(300, DEAR), seeds)
def test_projector_of_larger_groups(pair, seed):
    check_projector(*pair, seed)


@pytest.mark.parametrize(("small", "large"), SUBGROUPS)
@pytest.mark.parametrize("text", ["T2", "T(1,1)", "T(2,2)", "T1 >> T2"])
def test_a_subgroup_keeps_at_least_as_much(small, large, text):
    less, more = (equivariant_projector(group(name), rep(text)) for name in (large, small))
    torch.testing.assert_close(more @ less, less)


@pytest.mark.parametrize(
    ("name", "ranks"),
    [
        ("O(3)", [1, 0, 1, 0, 3, 0, 15]),
        ("SO(3)", [1, 0, 1, 1, 3, 6, 15]),
        ("O(2)", [1, 0, 1, 0, 3, 0, 10]),
        ("SO(2)", [1, 0, 2, 0, 6, 0, 20]),
        ("O(1)", [1, 0, 1, 0, 1, 0, 1]),
        ("O(2)@xy", [1, 1, 2, 4, 10]),
        ("SL(2)", [1, 0, 1, 0, 2, 0, 5]),
        ("SL(3)", [1, 0, 0, 1, 0]),
        ("GL(2)", [1, 0, 0, 0, 0]),
        ("Trivial(2)", [1, 2, 4, 8, 16]),
        ("Scaling(3)", [1, 0, 0, 0]),
    ],
)
def test_ranks_of_vector_tensors(name, ranks):
    assert [rank(name, p) for p in range(len(ranks))] == ranks


@pytest.mark.parametrize("n", range(7))
def test_ranks_by_the_characters_of_finite_groups(n):
    for k in (1, 2, 3, 4, 6):
        traces = [2 * math.cos(2 * math.pi * j / k) for j in range(k)]
        turns = sum(t**n for t in traces)
        assert rank(f"C({k})", n) == round(turns / k)
        assert rank(f"D({k})", n) == round((turns + k * 0.0**n) / (2 * k))
    for d in (2, 3):
        assert rank(f"Reflect({d})", n) == (d**n + (d - 2) ** n) // 2 or n > 5


@pytest.mark.parametrize(("p", "q"), [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (1, 2), (0, 3)])
def test_ranks_under_scale_need_balanced_indices(p, q):
    balanced = p == q
    assert rank("Scaling(3)", p, q) == (3 ** (p + q) if balanced else 0)
    assert rank("GL(2)", p, q) == (math.factorial(p) if balanced else 0)
    assert rank("SO(3)*Scaling(3)", p, q) == ([1, 1, 3][p] if balanced else 0)
    assert rank("SL(2)", p, q) == rank("SL(2)", p + q)


@pytest.mark.slow
def test_odd_tensors_of_o3_have_no_invariant_even_of_rank_7():
    assert rank("O(3)", 7) == 0


@pytest.mark.parametrize(
    ("name", "p", "q"),
    [
        *(("O(3)", 3, 2), ("SO(3)", 2, 3), ("SO(2)", 2, 2), ("SL(2)", 4, 0), ("SL(2)", 1, 3)),
        *(("SL(3)", 3, 0), ("SL(2)", 3, 1), ("GL(2)", 2, 2), ("SO13p", 2, 2), ("SO13", 1, 3)),
        *(("O13", 2, 2), ("Sp(1)", 3, 1), ("Sp(2)", 2, 2), ("SL(2)", 5, 1), ("SL(3)", 4, 1)),
        *(("SL(3)", 0, 6), ("SO(2)", 4, 4), ("SO13", 3, 2)),
        *(("SO(4)", 5, 1), ("SO(3)", 5, 0), ("SL(4)", 5, 1), ("SO13", 4, 0)),
    ],
)
def test_closed_form_is_the_whole_null_space(name, p, q):
    G = group(name)
    # other generators of the same group, so that no answer is remembered
    plain = Group(G.dim, 2 * G.lie_algebra, G.discrete_generators, "plain")
    assert plain != G
    assert plain.closed_form(p, q) is None
    ours, solved = equivariant_projector(G, T(p, q)), equivariant_projector(plain, T(p, q))
    torch.testing.assert_close(ours, solved, atol=1e-9, rtol=0)


def test_blocks_together_are_the_projector():
    G, R = group("GL(2)"), rep("2T1 + T(1,1) >> T1 + T(0,1)")
    whole = torch.zeros(R.size(2), R.size(2), dtype=torch.float64)
    for block in equivariant_blocks(G, R):
        for copy in block.index:
            whole[copy[:, None], copy] = block.basis @ block.basis.T
    torch.testing.assert_close(whole, equivariant_projector(G, R))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "O(3)",
            "T40",
            r"Solving for T40 over R\^3 needs 362,326,665,492.6 GiB, more than half",
        ),
        (
            "Trivial(3)",
            "T12",
            r"The basis of T12 under Trivial\(3\), 531441 x 531441, needs 2,104.3",
        ),
        ("O(2)", "T26", "spanned by 5200300 tensors, needs"),
        ("SL(2)", "T26", "spanned by .* tensors, needs"),
        ("Z(2)", "T30", r"Solving for T30 over R\^2 needs 32.0 GiB"),
        ("Z(64)", "T4", "orbits needs"),
        ("O(2)@xy", "T16", r"The basis of T16 under O\(2\)@xy needs"),
        ("C(1)", "T17", r"131072 numbers in 131072 orbits needs 128.0 GiB"),
    ],
)
def test_what_is_too_large_for_memory_is_refused_at_once(name, text, message, monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 2 * 2**30)
    with pytest.raises(TooLargeError, match=message):
        equivariant_basis(name, text)


def test_a_projector_that_is_too_large_names_what_to_use():
    with pytest.raises(
        TooLargeError, match=r"810000 x 810000, needs 4,888.* Use equivariant_blocks"
    ):
        equivariant_projector("O(3)", "100T2 >> 100T2")


@pytest.mark.parametrize(("name", "rank", "count"), [("O(3)", 8, 91), ("SO(3)", 8, 91)])
def test_closed_forms_reach_tensors_that_a_dense_solver_does_not(name, rank, count):
    Q = equivariant_basis(group(name), T(rank))
    assert Q.shape == (3**rank, count)  # Riordan numbers: invariants of SO(3) in T(n)
    torch.testing.assert_close(Q.T @ Q, torch.eye(count, dtype=torch.float64))


@pytest.mark.parametrize("name", ["SO(3)", "SE(2)", "U(1)", "C(5)", "Z(4)xO(2)", "D(3)@yz"])
def test_solved_twice_is_the_same_to_the_last_bit(name):
    first = equivariant_basis(name, "T3 >> T1")
    solver._solve.cache_clear()
    second = equivariant_basis(name, "T3 >> T1")
    assert first is not second
    assert torch.equal(first, second)


def test_project_checks_the_size():
    with pytest.raises(ValueError, match=r"T2 has 9 numbers over R\^3; got 8"):
        project(group("O(3)"), T(2), torch.zeros(8))


def test_a_basis_that_misses_its_constraints_is_refused():
    tiny = 1e-6  # an angle too small to tell from none, and too large to ignore
    turn = [[math.cos(tiny), -math.sin(tiny)], [math.sin(tiny), math.cos(tiny)]]
    with pytest.raises(ValueError, match=r"The basis of T1 under nearly misses its constraints by"):
        equivariant_basis(Group(2, discrete_generators=[turn], name="nearly"), T(1))


def test_blocks_may_be_changed_without_harm():
    first = equivariant_basis("O(3)", "T2").clone()
    for block in equivariant_blocks("O(3)", "T2"):
        block.basis.mul_(5)
        block.index.zero_()
    assert torch.equal(equivariant_basis("O(3)", "T2"), first)


def test_products_that_are_too_large_for_memory(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 2**27)
    for name, text in (("Trivial(20)xTrivial(20)", "T1 >> T1"), ("S(10)xS(10)", "T(4) x T(4)")):
        with pytest.raises(TooLargeError, match=r"The product of bases|Solving for T4 x T4"):
            equivariant_basis(name, text)
    for name in ("SO(100)", "GL(100)", "S(3)xO(300)"):
        with pytest.raises(TooLargeError, match="needs"):
            group(name)
