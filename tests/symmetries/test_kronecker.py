"""Kronecker products of stacks of matrices."""

import pytest
import torch

from softsym.symmetries.kronecker import block_diagonal, block_matrix, kron, kron_all, leibniz


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("leading", [(), (4,), (2, 3)])
def test_kron_is_torchs_for_each_pair(leading):
    a, b = normal(*leading, 2, 3), normal(*leading, 4, 1, seed=1)
    product = kron(a, b)
    assert product.shape == (*leading, 8, 3)
    pairs = zip(a.reshape(-1, 2, 3), b.reshape(-1, 4, 1), strict=True)
    torch.testing.assert_close(
        product.reshape(-1, 8, 3), torch.stack([torch.kron(*p) for p in pairs])
    )


def test_kron_broadcasts_leading_axes():
    a, b = normal(5, 1, 2, 2), normal(3, 3, 3, seed=1)
    torch.testing.assert_close(kron(a, b)[4, 2], torch.kron(a[4, 0], b[2]))


def test_no_factors_are_one():
    like = normal(5, 3, 3)
    assert torch.equal(kron_all([], like), torch.ones(5, 1, 1, dtype=torch.float64))
    assert torch.equal(leibniz([], like), torch.zeros(5, 1, 1, dtype=torch.float64))


def test_leibniz_is_the_derivative_of_the_product():
    factors = [normal(3, d, d, seed=d) for d in (2, 1, 3)]
    powers = [torch.linalg.matrix_exp(factor) for factor in factors]
    derivative = leibniz(factors, factors[0])
    torch.testing.assert_close(torch.linalg.matrix_exp(derivative), kron_all(powers, powers[0]))


def test_blocks_repeat_along_the_diagonal():
    a, b = normal(4, 2, 2), normal(4, 1, 1, seed=1)
    whole = block_diagonal([(2, a), (0, a), (1, b)], a)
    wanted = [torch.block_diag(x, x, y) for x, y in zip(a, b, strict=True)]
    torch.testing.assert_close(whole, torch.stack(wanted))
    assert block_diagonal([], a).shape == (4, 0, 0)


def test_a_matrix_of_four_blocks():
    whole = normal(3, 4, 4)
    rows = (whole[:, :2], whole[:, 2:])
    blocks = [part for row in rows for part in row.split(2, -1)]
    assert torch.equal(block_matrix(*blocks), whole)
