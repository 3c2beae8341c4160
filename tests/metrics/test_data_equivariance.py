"""The nearest-neighbour estimate distinguishes kept from broken symmetries."""

import pytest
import torch
from compliance.groups import elements

from softsym.metrics import nearest_neighbour_error
from softsym.symmetries import group, rep

T0, T1 = rep("T0"), rep("T1")


def samples(f, n, seed):
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    return x, f(x)


def height(x):
    """Keeps O(2)@xy, breaks every motion of z."""
    return x[:, 2:] + 3


@pytest.mark.parametrize("kept", ["O(2)@xy", "C(4)@xy", "Reflect(3)", "Trivial(3)"])
def test_kept_symmetries_are_near_the_floor(kept):
    error, floor = nearest_neighbour_error(
        samples(height, 300, 0), samples(height, 5000, 1), T1, T0, group(kept)
    )
    assert 0 < floor < 0.05
    assert error < 1.5 * floor


@pytest.mark.parametrize("broken", ["O(3)", "O(2)@yz", "Reflect(3, 2)"])
def test_broken_symmetries_stand_out(broken):
    error, floor = nearest_neighbour_error(
        samples(height, 300, 0), samples(height, 5000, 1), T1, T0, group(broken)
    )
    assert error > 4 * floor


def test_equals_a_search_by_hand():
    (x, y), (others, targets) = samples(height, 7, 0), samples(height, 50, 1)
    G = group("O(3)")
    actual = []
    for row, target, g in zip(x.double(), y.double(), elements(G, 7, seed=5), strict=True):
        distances = [(g @ row - other).norm() for other in others.double()]
        nearest = targets[min(range(50), key=distances.__getitem__)].double()
        actual.append(((nearest - target).norm(), nearest.norm() + target.norm()))
    error, _ = nearest_neighbour_error((x, y), (others, targets), T1, T0, G, seed=5)
    differences, sizes = zip(*actual, strict=True)
    assert error == pytest.approx(float(sum(differences) / sum(sizes)), rel=1e-6)


def test_float64_gives_the_same():
    queries, references = samples(height, 20, 0), samples(height, 200, 1)
    single = nearest_neighbour_error(queries, references, T1, T0, group("O(3)"))
    exact = nearest_neighbour_error(
        *(tuple(v.double() for v in s) for s in (queries, references)), T1, T0, group("O(3)")
    )
    assert exact == pytest.approx(single, rel=1e-4)


def test_the_seed_decides():
    queries, references = samples(height, 50, 0), samples(height, 500, 1)
    actual = [
        nearest_neighbour_error(queries, references, T1, T0, group("O(3)"), s) for s in (1, 1, 2)
    ]
    assert actual[0] == actual[1] != actual[2]
    assert actual[0][1] == actual[2][1]  # the floor draws nothing
