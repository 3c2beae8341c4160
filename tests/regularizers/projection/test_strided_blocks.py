"""Grids describe the same positions as the tables they replace."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from softsym.regularizers.projection.strided_blocks import Grid, grids
from softsym.symmetries import rep
from softsym.symmetries.blocks import tensor_blocks

KINDS = [("3T0 + 2T1", "2T1 + T2"), ("T0 + 4T1 + 2T0", "3T0 + T1"), ("T(1,1) + T1", "2T(0,1)")]


def tables(types):
    rep_in, rep_out = map(rep, types)
    return [index.T for index in tensor_blocks(rep_in >> rep_out, 3).values()]


def listed(grid, size):
    return grid.view(torch.arange(size)).reshape(grid.shape)


@pytest.mark.parametrize("types", KINDS)
def test_the_tables_of_a_weight_are_grids(types):
    size = rep(types[0]).size(3) * rep(types[1]).size(3)
    for table in tables(types):
        parts = list(grids(table))
        assert all(grid is not None for _, grid in parts)
        rebuilt = torch.cat([listed(grid, size) for _, grid in parts], 1)
        assert torch.equal(rebuilt, table)


def test_a_pair_of_runs_is_one_grid():
    (table,) = (t for t in tables(("5T1", "4T1")))
    ((part, grid),) = grids(table)
    assert part.shape == (9, 20)
    assert grid == Grid(0, ((3, 15), (3, 1)), ((4, 45), (5, 3)))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12, unique=True), st.integers(1, 3))
def test_whatever_the_table_its_parts_say_the_same(numbers, width):
    count = -(-len(numbers) // width)
    places = torch.tensor((numbers * width)[: width * count]).view(width, count)
    parts = list(grids(places))
    assert torch.equal(torch.cat([part for part, _ in parts], 1), places)
    for part, grid in parts:
        assert grid is None or torch.equal(listed(grid, 51), part)


@pytest.mark.parametrize("most", [1, 20, 50, 10**6])
def test_parts_of_a_grid_are_the_grid(most):
    (table,) = tables(("5T1", "4T1"))
    ((_, grid),) = grids(table)
    parts = grid.split(most)
    assert all(part.shape[0] * part.shape[1] <= max(most, 9 * 5) for part in parts)
    assert all(p.shape[0] * p.shape[1] <= max(most, 9) for part in parts for p in part.split(most))
    assert torch.equal(torch.cat([listed(part, 180) for part in parts], 1), table)


def test_what_is_written_is_read():
    (table,) = tables(("5T1", "4T1"))
    ((_, grid),) = grids(table)
    flat = torch.zeros(200)[10:190]  # not the start of its memory
    values = torch.randn(9, 20, dtype=torch.float64)
    grid.write(flat, values)
    torch.testing.assert_close(grid.read(flat, torch.float64), values, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(flat[table].double(), values, rtol=1e-6, atol=1e-6)
