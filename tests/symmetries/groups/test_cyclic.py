"""C(k) and D(k): their elements, all equally likely."""

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import C, D


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


def test_quarter_turns_are_exact():
    assert C(4).discrete_generators[0].tolist() == [[0.0, -1.0], [1.0, 0.0]]


@pytest.mark.parametrize("family", [C, D])
@pytest.mark.parametrize("k", [0, -3, 2.5, True])
def test_bad_order(family, k):
    with pytest.raises(ValueError, match=rf"{family.__name__}\(k\) needs a whole number k >= 1"):
        family(k)
