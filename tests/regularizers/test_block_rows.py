"""Residuals of blocks of one type against dense projectors."""

import pytest
import torch

from regularizers.block_rows import BlockRows
from symmetries import T, equivariant_blocks, group

NAMES = ("O(2)@xy", "O(2)@yz", "SO(3)", "Reflect(3)", "Trivial(3)")


def rows_of(tensor, names=NAMES, count=4):
    bases = [next(iter(equivariant_blocks(group(name), tensor))).basis for name in names]
    size = len(bases[0])
    index = torch.arange(size * count).view(count, size).T
    return BlockRows(index, bases), bases


def blocks_of(rows):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows.width, rows.count, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_squares_and_gradient_equal_dense_projection(rank):
    rows, bases = rows_of(T(rank))
    B = blocks_of(rows)
    residuals = [B - Q @ (Q.T @ B) for Q in bases]
    expected = torch.stack([r.square().sum() for r in residuals])
    torch.testing.assert_close(rows.squares(B), expected)
    factors = torch.tensor([2.0, 0.0, 3.0, 0.5, 7.0], dtype=torch.float64)
    wanted = sum(f * r for f, r in zip(factors, residuals, strict=True))
    torch.testing.assert_close(rows.gradient(B, factors), wanted.reshape(-1))


def test_blocks_are_gathered_from_where_they_stand():
    rows, _ = rows_of(T(2), count=3)
    weights = torch.arange(27.0)
    torch.testing.assert_close(rows.gathered(weights), weights.view(3, 9).T.contiguous())


def test_a_product_is_left_out_where_components_are_forbidden_or_free():
    rows, _ = rows_of(T(1), ("O(2)@xy",))
    assert len(rows.rows) == 0  # x and y are forbidden, z is free
    assert rows.forbidden.tolist() == [[1.0, 1.0, 0.0]]
    rows, _ = rows_of(T(2), ("O(2)@xy",))
    assert rows.rows.tolist() == [0, 4]  # xx and yy are kept in their sum alone


def test_what_every_group_leaves_alone_is_free():
    assert rows_of(T(0))[0].free
    assert rows_of(T(2), ("Trivial(3)",))[0].free
    assert not rows_of(T(2), ("Trivial(3)", "SO(3)"))[0].free


def test_indices_take_half_the_memory_of_those_that_torch_makes():
    rows, _ = rows_of(T(3))
    assert {rows.index.dtype, rows.mixing.crow_indices().dtype} == {torch.int32}
