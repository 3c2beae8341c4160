"""Groups from bare generators: checks, equality by content, sampling."""

import math

import pytest
import torch
from compliance.groups import elements

from symmetries import C, Embed, Group, O, Trivial, equivariant_projector, group, rep

QUARTER = [[0.0, -1.0], [1.0, 0.0]]


def test_equal_by_content_whatever_the_name():
    assert Group(2, discrete_generators=[QUARTER], name="mine") == C(4)
    assert hash(Group(2, discrete_generators=QUARTER)) == hash(C(4))
    assert Group(2, discrete_generators=[[-0.0, -1.0], [1.0, -0.0]]) == C(4)


@pytest.mark.parametrize(
    "other",
    [
        Group(2, discrete_generators=[[0.0, 1.0], [-1.0, 0.0]], name="C(4)"),
        Group(2, lie_algebra=[QUARTER], name="C(4)"),
        Trivial(2),
        "C(4)",
    ],
    ids=["other matrix", "as algebra", "no generator", "text"],
)
def test_different_content_is_never_equal(other):
    assert C(4) != other


def test_trivial_groups_of_two_spaces_differ():
    assert Trivial(2) != Trivial(3)


def test_two_embeddings_share_a_name_but_never_a_basis():
    one, other = Embed(O(2), 3, (0, 1)), Embed(O(2), 3, (1, 2))
    other.name = one.name
    assert one != other
    flat = rep("T2")
    first, second = (equivariant_projector(G, flat) for G in (one, other))
    assert not torch.allclose(first, second)
    assert torch.equal(equivariant_projector(one, flat), first)


def test_generators_are_copied():
    given = torch.tensor([QUARTER], dtype=torch.float64)
    G = Group(2, discrete_generators=given)
    given.zero_()
    assert C(4) == G


def test_default_sample_reaches_all_of_a_finite_group():
    drawn = elements(Group(2, discrete_generators=[QUARTER]), 400)
    turns = {tuple(m.round().flatten().tolist()) for m in drawn + 0.0}
    assert len({tuple(x + 0.0 for x in t) for t in turns}) == 4


def test_default_sample_of_an_algebra_is_its_exponential():
    drawn = elements(Group(2, lie_algebra=[QUARTER]), 2000)
    angle = torch.atan2(drawn[:, 1, 0], drawn[:, 0, 0])
    torch.testing.assert_close(drawn @ drawn.mT, torch.eye(2).double().expand_as(drawn))
    assert float(angle.std()) == pytest.approx(0.5, abs=0.04)


def test_product_is_generated_by_both():
    assert O(2) * C(4) == group("O(2)*C(4)")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 0}, "whole number d >= 1; got d = 0"),
        ({"dim": True}, "got d = True"),
        ({"dim": 2.0}, r"got d = 2\.0"),
        (
            {"dim": 3, "lie_algebra": [QUARTER]},
            r"lie_algebra of mine must be .* shape \(3, 3\), .* got \(1, 2, 2\)",
        ),
        ({"dim": 2, "discrete_generators": [0.0, 1.0]}, r"discrete_generators .* got \(2,\)"),
        (
            {"dim": 2, "discrete_generators": [QUARTER, [[1.0, 2.0], [2.0, 4.0]]]},
            r"invertible; number 1 of mine is singular: \[\[1\.0, 2\.0\], \[2\.0, 4\.0\]\]",
        ),
        ({"dim": 1, "lie_algebra": [[[math.nan]]]}, "lie_algebra of mine must be finite"),
        ({"dim": 1, "discrete_generators": [[[math.inf]]]}, "must be finite; got .*inf"),
    ],
)
def test_bad_generators(arguments, message):
    with pytest.raises(ValueError, match=message):
        Group(**arguments, name="mine")
