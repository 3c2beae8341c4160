"""U(n) and SU(n) in real form commute with the multiplication by i."""

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import SU, U


class TestUnitary(GroupSuite):
    groups = ("U(1)", "U(2)", "SU(2)")


@pytest.mark.parametrize(("G", "size"), [(U(1), 1), (U(3), 9), (SU(1), 0), (SU(3), 8)], ids=str)
def test_size_of_the_algebra(G, size):
    assert len(G.lie_algebra) == size


@pytest.mark.parametrize("G", [U(2), SU(3)], ids=str)
def test_complex_structure_and_determinant(G):
    g, n = elements(G, 20), G.dim // 2
    x, y = g[:, :n, :n], g[:, n:, :n]
    torch.testing.assert_close(g[:, :n, n:], -y)
    torch.testing.assert_close(g[:, n:, n:], x)
    matrix = torch.complex(x, y)
    one = torch.eye(n, dtype=torch.complex128).expand_as(matrix)
    torch.testing.assert_close(matrix @ matrix.mH, one)
    if isinstance(G, SU):
        determinant = torch.linalg.det(matrix)
        torch.testing.assert_close(determinant, torch.ones_like(determinant))


@pytest.mark.parametrize("G", [U(1), U(2), SU(2), SU(3)], ids=str)
def test_haar_moments(G):
    n, drawn = 20_000, elements(G, 20_000)
    size = G.dim // 2
    trace = torch.complex(drawn[:, :size, :size], drawn[:, size:, :size]).diagonal(0, 1, 2).sum(1)
    # of a Haar-distributed unitary matrix, and from SU(2) on of determinant one
    assert abs(complex(trace.mean())) < 4 / n**0.5
    assert float(trace.abs().square().mean()) == pytest.approx(1.0, abs=0.05)
    fourth = {"U(1)": 1.0}.get(str(G), 2.0)
    assert float(trace.abs().pow(4).mean()) == pytest.approx(fourth, abs=0.2)
    moved = (elements(G, 1, seed=9) @ drawn).flatten(1)
    for sample in (drawn.flatten(1), moved):
        second = sample.T @ sample / n
        torch.testing.assert_close(second.diagonal().mean(), torch.tensor(0.5 / size).double(),
                                   atol=0.01, rtol=0)  # fmt: skip
