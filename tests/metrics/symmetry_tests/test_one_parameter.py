"""Groups without a frame are tested through the subgroups of their generators."""

import math

import torch

from softsym.metrics import symmetry_test
from softsym.metrics.symmetry_tests.one_parameter import joined, one_parameter_groups
from softsym.metrics.symmetry_tests.statistics import Numbers
from softsym.symmetries import group


def drawn(n=200, seed=0):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed)).double()


def test_each_generator_spans_a_subgroup():
    G = group("SL(3)")
    subgroups = one_parameter_groups(G)
    assert len(subgroups) == len(G.lie_algebra)
    assert torch.equal(torch.cat([H.lie_algebra for H in subgroups]), G.lie_algebra)
    assert one_parameter_groups(group("SL(3) x S(2)")) == []


def test_the_group_is_as_broken_as_its_most_broken_subgroup():
    kept, broken = Numbers(0.4, 0.0, 0.2, 0.0, 1.0, 0.1), Numbers(0.01, 0.3, 0.5, 0.4, 0.2, 0.1)
    both = joined([kept, broken])
    assert (both.p, both.lower, both.estimate) == (0.02, 0.3, 0.4)
    assert math.isinf(both.upper)


def test_a_broken_one_is_found_locally_and_nothing_bounds_it_from_above():
    x = drawn()
    found = symmetry_test(x, x.square().sum(1), ["SL(2)"], "T1", "T0")["SL(2)"]
    assert found.verdict.startswith("broken by at least")
    assert found.how.startswith("locally, ")
    assert math.isinf(found.upper)
    assert found.to_dict()["upper"] is None
    assert found.p < 0.01
    assert found.lower > 0.1


def test_an_exact_one_is_not_rejected():
    """The identity is equivariant under every group; noise is invariant under all."""
    x = drawn(seed=1)
    noise = torch.randn(200, 2, generator=torch.Generator().manual_seed(2)).double()
    found = symmetry_test(x, x + 0.3 * noise, ["SL(2)"], "T1", "T1")["SL(2)"]
    assert found.verdict == "undecided, nothing bounds the break from above"
    assert found.p > 0.05
