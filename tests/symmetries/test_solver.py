"""Solutions are checked, remembered, and shared between types that are the same."""

import pytest
import torch

from softsym.symmetries import Group, O, T, group, solver
from softsym.symmetries.limits import TooLargeError
from softsym.symmetries.solver import scatter_bases, tensor_basis


@pytest.fixture(autouse=True)
def _forgotten():
    solver._solve.cache_clear()
    yield
    solver._solve.cache_clear()


def claims(answer):
    """A group of the plane that claims to know its invariants."""
    G = Group(2, discrete_generators=[[1.0, 0.0], [0.0, -1.0]], name="claims")
    G.closed_form = lambda p, q: answer
    return G


def unit(*place):
    basis = torch.zeros(2, len(place), dtype=torch.float64)
    basis[list(place), torch.arange(len(place))] = 1.0
    return basis


def test_a_solution_is_remembered():
    assert tensor_basis(O(3), T(2)) is tensor_basis(group("O(3)"), T(2))


def test_vector_and_dual_indices_are_the_same_under_orthogonal_groups():
    assert tensor_basis(O(3), T(2, 2)) is tensor_basis(O(3), T(4))
    assert tensor_basis(group("GL(2)"), T(2, 2)) is not tensor_basis(group("GL(2)"), T(4))


def test_a_closed_form_is_returned():
    answer = unit(0)
    assert tensor_basis(claims(answer), T(1)) is answer


def test_without_a_closed_form_the_constraints_are_solved():
    torch.testing.assert_close(tensor_basis(claims(None), T(1)).abs(), unit(0))


@pytest.mark.parametrize("answer", [unit(1), unit(0, 1), float("nan") * unit(0)])
def test_a_wrong_closed_form_is_refused(answer):
    with pytest.raises(ValueError, match=r"The basis of T1 under claims misses its constraints by"):
        tensor_basis(claims(answer), T(1))


def test_a_failure_is_not_remembered():
    wrong, answer = claims(unit(1)), unit(0)
    with pytest.raises(ValueError, match="misses its constraints"):
        tensor_basis(wrong, T(1))
    assert tensor_basis(claims(answer), T(1)) is answer


def test_products_over_different_spaces_are_products_of_bases():
    basis = tensor_basis(group("S(2)xO(2)"), T(1) @ T(2))
    parts = tensor_basis(group("S(2)"), T(1)), tensor_basis(O(2), T(2))
    torch.testing.assert_close(basis, torch.kron(*(part.contiguous() for part in parts)))


def test_too_large_tensors_are_refused_before_solving(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 8 * 4 * 80)
    with pytest.raises(TooLargeError, match=r"Solving for T4 over R\^3 needs .* Use lower ranks"):
        tensor_basis(group("SO(3)"), T(4))


def test_bases_of_parts_are_joined():
    index = torch.tensor([[4, 1], [0, 2]])
    basis = scatter_bases(6, [(index, unit(1)), (torch.tensor([[5]]), torch.ones(1, 1).double())])
    wanted = torch.zeros(6, 3, dtype=torch.float64)
    wanted[1, 0] = wanted[2, 1] = wanted[5, 2] = 1.0
    assert torch.equal(basis, wanted)
    assert scatter_bases(3, []).shape == (3, 0)
