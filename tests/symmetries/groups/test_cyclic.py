"""C(k) and D(k): their elements, all equally likely."""

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import C, D, equivariant_projector, rep


class TestC(GroupSuite):
    groups = ("C(1)", "C(2)", "C(4)", "C(7)")


class TestD(GroupSuite):
    groups = ("D(1)", "D(2)", "D(4)", "D(5)")


@pytest.mark.parametrize(("G", "order"), [(C(4), 4), (C(7), 7), (D(1), 2), (D(5), 10)], ids=str)
def test_every_element_equally_often(G, order):
    drawn = elements(G, 400 * order).flatten(1)
    distinct, counts = torch.unique((drawn * 1e6).round() + 0.0, dim=0, return_counts=True)
    assert len(distinct) == order
    assert counts.min() > 300
    assert counts.max() < 500


@pytest.mark.parametrize("G", [C(3), C(4), D(3), D(4)], ids=str)
def test_projector_is_the_average_over_the_group(G):
    R = rep("T2 + T(1,1) + T3")
    found = [torch.eye(2, dtype=torch.float64)]
    for g in found:  # grows until closed
        for h in (h @ g for h in G.discrete_generators):
            if not any(torch.allclose(h, other) for other in found):
                found.append(h)
    average = R.rho(torch.stack(found)).mean(0)
    torch.testing.assert_close(equivariant_projector(G, R), average, atol=1e-9, rtol=0)


def test_quarter_turns_are_exact():
    assert C(4).discrete_generators[0].tolist() == [[0.0, -1.0], [1.0, 0.0]]


@pytest.mark.parametrize("family", [C, D])
@pytest.mark.parametrize("k", [0, -3, 2.5, True])
def test_bad_order(family, k):
    with pytest.raises(ValueError, match=rf"{family.__name__}\(k\) needs a whole number k >= 1"):
        family(k)
