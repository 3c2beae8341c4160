"""Elements of groups on one space and on products of spaces."""

import pytest
import torch

from softsym.symmetries import group
from softsym.symmetries.elements import algebra_matrix, matrix, space_of, to, unsqueeze, whole_dim


@pytest.fixture
def parts():
    return group("GL(2)xGL(3)").sample_elements(4, torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("space", "dim"), [(5, 5), ((5, 3), 15), ((2, 3, 4), 24)])
def test_dimension_of_the_whole_space(space, dim):
    assert whole_dim(space) == dim


def test_an_element_tells_its_space(parts):
    assert space_of(parts) == (2, 3)
    assert space_of(matrix(parts)) == 6


def test_the_matrix_is_the_kronecker_product_of_the_parts(parts):
    g, h = parts
    one_by_one = torch.stack([torch.kron(a, b) for a, b in zip(g, h, strict=True)])
    torch.testing.assert_close(matrix(parts), one_by_one)
    assert matrix(g) is g


def test_the_algebra_matrix_is_the_derivative_of_the_matrix(parts):
    whole = algebra_matrix(parts)
    moved = matrix(tuple(torch.linalg.matrix_exp(part) for part in parts))
    torch.testing.assert_close(torch.linalg.matrix_exp(whole), moved)
    assert algebra_matrix(parts[0]) is parts[0]


def test_axes_are_put_behind_the_leading_ones(parts):
    assert [part.shape for part in unsqueeze(parts, 2)] == [(4, 1, 1, 2, 2), (4, 1, 1, 3, 3)]
    assert unsqueeze(parts[1][0], 1).shape == (1, 3, 3)


def test_all_parts_go_to_the_device(parts):
    assert {part.device.type for part in to(parts, torch.device("meta"))} == {"meta"}
    assert to(parts[0], torch.device("meta")).device.type == "meta"
