"""The filter returns null spaces whose dimension and basis are known."""

import pytest
import torch

from softsym.symmetries.chebyshev import NotSeparatedError, filtered_null_space
from softsym.symmetries.limits import TooLargeError

SIZE = 400


def operator(eigenvalues, seed=0):
    """A symmetric matrix with these eigenvalues and otherwise random, and its eigenvectors."""
    generator = torch.Generator().manual_seed(seed)
    size = len(eigenvalues)
    Q = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64, generator=generator)).Q
    return (Q * eigenvalues) @ Q.T, Q


def spectrum(null, gap, largest):
    rest = torch.linspace(gap, largest, SIZE - null, dtype=torch.float64)
    return torch.cat([torch.zeros(null, dtype=torch.float64), rest])


@pytest.mark.parametrize("null", [0, 1, 20, 60])
@pytest.mark.parametrize(("gap", "largest"), [(1.0, 2.0), (0.01, 5.0), (1e4, 1e6), (1e-7, 1e-5)])
def test_returns_the_whole_null_space(null, gap, largest):
    matrix, vectors = operator(spectrum(null, gap, largest))
    Q = filtered_null_space(lambda v: matrix @ v, SIZE)
    assert Q.shape == (SIZE, null)
    assert Q.is_contiguous()
    torch.testing.assert_close(Q.T @ Q, torch.eye(null, dtype=torch.float64))
    known = vectors[:, :null]
    torch.testing.assert_close(Q @ Q.T, known @ known.T, atol=1e-8, rtol=0)


def test_multiple_eigenvalues_do_not_confuse_it():
    values = torch.tensor([0.0] * 10 + [1.0] * 190 + [3.0] * 200, dtype=torch.float64)
    matrix, vectors = operator(values)
    Q = filtered_null_space(lambda v: matrix @ v, SIZE)
    torch.testing.assert_close(Q @ Q.T, vectors[:, :10] @ vectors[:, :10].T)


def test_the_same_operator_gives_the_same_basis():
    matrix, _ = operator(spectrum(5, 1.0, 2.0))
    first, second = (filtered_null_space(lambda v: matrix @ v, SIZE) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize(
    "values",
    [torch.logspace(-16, 0, SIZE, dtype=torch.float64), spectrum(350, 1.0, 2.0)],
    ids=["no gap", "most of the space"],
)
def test_what_does_not_separate_is_refused(values, monkeypatch):
    monkeypatch.setattr("softsym.symmetries.chebyshev.ROUNDS", 6)
    matrix, _ = operator(values)
    message = "The invariants do not separate from other vectors of 400 numbers: the smallest"
    with pytest.raises(NotSeparatedError, match=message):
        filtered_null_space(lambda v: matrix @ v, SIZE)


def test_not_separated_is_bad_input():
    assert issubclass(NotSeparatedError, ValueError)


def test_a_null_space_too_large_for_memory_is_refused(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 8 * 6 * SIZE * 100)
    matrix, _ = operator(spectrum(150, 1.0, 2.0))
    with pytest.raises(TooLargeError, match=r"A null space of more than \d+ of 400 numbers needs"):
        filtered_null_space(lambda v: matrix @ v, SIZE)
