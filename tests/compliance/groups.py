"""The tests that every group passes; a new family lists some ``groups`` and inherits them."""

from __future__ import annotations

import pickle

import pytest
import torch

from softsym.symmetries import Group, T, equivariant_basis, group

TENSORS = (T(1), T(2), T(1, 1), T(0, 2))


def elements(G: Group, n: int, seed: int = 0) -> torch.Tensor:
    return G.sample(n, torch.Generator().manual_seed(seed))


class GroupSuite:
    """To be inherited with ``groups``, names that :func:`softsym.symmetries.group` reads."""

    groups: tuple[str, ...]

    def test_prints_and_parses_back(self, G):
        assert str(group(str(G))) == str(G)
        assert group(str(G)) == G
        assert hash(group(str(G))) == hash(G)

    def test_pickles(self, G):
        copy = pickle.loads(pickle.dumps(G))
        assert copy == G
        assert torch.equal(elements(copy, 3), elements(G, 3))

    def test_generators_are_float64_stacks(self, G):
        for generators in (G.lie_algebra, G.discrete_generators):
            assert generators.dtype == torch.float64
            assert generators.shape[1:] == (G.dim, G.dim)

    @pytest.mark.parametrize("n", [0, 1, 5])
    def test_samples_have_their_shape(self, G, n):
        drawn = elements(G, n)
        assert drawn.shape == (n, G.dim, G.dim)
        assert drawn.dtype == torch.float64

    def test_samples_depend_on_the_generator_alone(self, G):
        first = elements(G, 8, seed=3)
        torch.manual_seed(123)
        assert torch.equal(first, elements(G, 8, seed=3))

    def test_samples_are_invertible_and_orthogonal_where_claimed(self, G):
        drawn = elements(G, 50)
        assert torch.linalg.cond(drawn).max() < 1e6
        one = torch.eye(G.dim, dtype=torch.float64)
        if G.is_orthogonal:
            torch.testing.assert_close(drawn @ drawn.mT, one.expand_as(drawn))

    @pytest.mark.parametrize("tensor", TENSORS, ids=str)
    def test_samples_keep_exactly_what_the_generators_keep(self, G, tensor):
        moved = tensor.rho(elements(G, 60))
        size = moved.shape[-1]
        Q = equivariant_basis(G, tensor)
        torch.testing.assert_close(moved @ Q, Q.expand(60, -1, -1), atol=1e-8, rtol=1e-8)
        left = (moved - torch.eye(size, dtype=torch.float64)).reshape(-1, size)
        kept_by_all = size - int(torch.linalg.matrix_rank(left, atol=1e-8, rtol=1e-8))
        assert kept_by_all == Q.shape[1]
