"""Residuals of blocks of one type against dense projectors."""

import pytest
import torch

from softsym.regularizers.projection.residuals import Residuals
from softsym.symmetries import T, equivariant_blocks, group

NAMES = ("O(2)@xy", "O(2)@yz", "SO(3)", "Reflect(3)", "Trivial(3)")


def residuals_of(tensor, names=NAMES):
    bases = [next(iter(equivariant_blocks(group(name), tensor))).basis for name in names]
    return Residuals([(bases, 1)]), bases


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_squares_and_gradient_equal_dense_projection(rank):
    made, bases = residuals_of(T(rank))
    B = torch.randn(made.height, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    residuals = [B - Q @ (Q.T @ B) for Q in bases]
    expected = torch.stack([r.square().sum() for r in residuals])
    torch.testing.assert_close(made.owner @ made.squares(B), expected)
    factors = torch.tensor([2.0, 0.0, 3.0, 0.5, 7.0], dtype=torch.float64)
    wanted = sum(f * r for f, r in zip(factors, residuals, strict=True))
    torch.testing.assert_close(made.gradient(B, factors), wanted)


def test_types_in_one_matrix_equal_types_apart():
    types = [T(0), T(1), T(2), T(3)]
    apart = [residuals_of(tensor) for tensor in types]
    together = Residuals([(bases, n) for n, (_, bases) in enumerate(apart, start=1)])
    B = torch.randn(together.height, 5, dtype=torch.float64)
    factors = torch.tensor([2.0, 0.0, 3.0, 0.5, 7.0], dtype=torch.float64)
    blocks = B.split([one.height for n, (one, _) in enumerate(apart, start=1) for _ in range(n)])
    of_blocks = [one for n, (one, _) in enumerate(apart, start=1) for _ in range(n)]
    pairs = list(zip(of_blocks, blocks, strict=True))
    squares = sum(one.owner @ one.squares(block) for one, block in pairs)
    torch.testing.assert_close(together.owner @ together.squares(B), squares)
    gradients = torch.cat([one.gradient(block, factors) for one, block in pairs])
    torch.testing.assert_close(together.gradient(B, factors), gradients)


def test_a_product_is_left_out_where_components_are_forbidden_or_free():
    made, _ = residuals_of(T(1), ("O(2)@xy",))
    assert len(made.rows) == 0  # x and y are forbidden, z is free
    assert made.owner.tolist() == [[1.0, 1.0, 0.0]]
    made, _ = residuals_of(T(2), ("O(2)@xy",))
    assert made.rows.tolist() == [0, 4]  # xx and yy are kept in their sum alone


def test_indices_take_half_the_memory_of_those_that_torch_makes():
    made, _ = residuals_of(T(3))
    assert {made._combination.crow_indices().dtype, made._mixing.crow_indices().dtype} == {
        torch.int32
    }
