"""Q against functions whose projection is known."""

import pytest
import torch

from softsym.metrics.symmetry_tests.projection import project_function
from softsym.symmetries import group, rep
from softsym.symmetries.orbit_moves import mover

GROUPS = [
    ("O(3)", "2T1", "T0"),
    ("O(2)@xy", "2T1", "T1"),
    ("Reflect(3)", "2T1", "T2"),
    ("Scaling(3)", "2T1", "T1"),
    ("SL(3)", "4T1", "T1"),
    ("SO13p", "3T1", "T1"),
    ("S(3)", "2T1", "T1"),
]


def draws(rep_in, dim, n=400, seed=0):
    return torch.randn(n, rep_in.size(dim), generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize(("name", "text_in", "text_out"), GROUPS)
def test_equivariant_functions_are_kept(name, text_in, text_out):
    G, rep_in, rep_out = group(name), rep(text_in), rep(text_out)
    x = draws(rep_in, G.dim, 60)
    by = mover(G, rep_in, rep_out, x)
    first = slice(0, G.dim)
    functions = {
        "T0": lambda x: x[:, first].square().sum(1, keepdim=True),
        "T1": lambda x: 3 * x[:, first],
        "T2": lambda x: torch.einsum("na,nb->nab", x[:, first], x[:, first]).flatten(1),
    }
    f = functions[text_out]
    q = project_function(f, x, by, 4, torch.Generator().manual_seed(1), by.frames(x))
    torch.testing.assert_close(q, f(x), rtol=1e-6, atol=1e-6)


def test_the_mean_over_all_turns_of_a_component_is_zero():
    G, R = group("O(3)"), rep("T1")
    x = draws(R, 3, 50)
    by = mover(G, R, rep("T0"), x)
    q = project_function(lambda x: x[:, :1], x, by, 4000, torch.Generator().manual_seed(1))
    assert float(q.abs().max()) < 0.2


def test_the_orbit_swap_is_the_mean_over_other_sizes():
    """For f = |x|, the projection onto functions of the direction is E |x|."""
    G, R = group("Scaling(3)"), rep("T1")
    x = draws(R, 3)
    by = mover(G, R, rep("T0"), x)
    q = project_function(
        lambda x: x.norm(dim=1, keepdim=True),
        x,
        by,
        400,
        torch.Generator().manual_seed(1),
        by.frames(x),
    )
    torch.testing.assert_close(q.mean(), x.norm(dim=1).mean(), rtol=0.01, atol=0)
    assert float(q.std()) < 0.1
