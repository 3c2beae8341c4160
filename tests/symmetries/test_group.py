"""Groups from bare generators: checks, equality by content, sampling."""

import math

import pytest
import torch
from compliance.groups import elements

from softsym.symmetries import (
    GL,
    C,
    Embed,
    Group,
    O,
    Trivial,
    equivariant_basis,
    equivariant_projector,
    group,
    rep,
)

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


@pytest.fixture
def own_families(monkeypatch):
    """Families that a test adds are forgotten after it."""
    monkeypatch.setattr(Group, "families", dict(Group.families))


@pytest.mark.usefixtures("own_families")
def test_a_family_of_ones_own_is_known_by_its_name():
    class Swap(Group):
        def __init__(self, n):
            super().__init__(n, discrete_generators=torch.eye(n).flip(0), name=f"Swap({n})")

    assert group("Swap(3)") == Swap(3)
    assert group("Swap(2)xC(3)").factors == (Swap(2), C(3))
    assert equivariant_basis("Swap(3)", "T1").shape == (3, 2)


@pytest.mark.usefixtures("own_families")
def test_a_family_is_checked_unless_it_is_closed_by_construction():
    two_turns = torch.stack([group("SO(3)").lie_algebra[i] for i in (1, 2)])
    body = {"__init__": lambda self: Group.__init__(self, 3, two_turns)}
    assert type("Closed", (Group,), dict(body), closed=True)().dim == 3
    with pytest.raises(ValueError, match="is not closed"):
        type("Open", (Group,), dict(body))()


@pytest.mark.usefixtures("own_families")
def test_a_family_needs_a_name_that_none_has():
    with pytest.raises(
        ValueError,
        match=r"A family of groups named 'O' exists already, in softsym\.symmetries\.groups",
    ):
        type("O", (Group,), {"__module__": "mine"})
    assert Group.families["O"] is O


@pytest.mark.usefixtures("own_families")
def test_a_family_may_be_defined_again_by_the_same_file():
    body = {"__module__": "mine", "__qualname__": "Mine"}
    first, second = (type("Mine", (Group,), dict(body)) for _ in range(2))
    assert first is not second
    assert Group.families["Mine"] is second


@pytest.mark.parametrize(
    ("name", "compact"),
    [
        *(("O(3)", True), ("SO(2)", True), ("D(5)", True), ("Trivial(2)", True), ("U(2)", True)),
        *(("S(9)", True), ("RubiksCube", True), ("O(2)@xy", True), ("C(3)*Reflect(2)", True)),
        *(("SL(2)", False), ("Scaling(2)", False), ("SO13p", False), ("SE(2)", False)),
        ("SO(2)*Scaling(2)", False),
    ],
)
def test_compact_are_orthogonal_and_finite_groups(name, compact):
    assert group(name).is_compact == compact


def test_a_finite_group_in_skewed_coordinates_is_compact():
    skewed = torch.tensor([[1.0, 3.0], [0.0, 1.0]], dtype=torch.float64)
    G = Group(2, None, skewed @ C(3).discrete_generators @ torch.linalg.inv(skewed))
    assert not G.is_orthogonal
    assert G.is_compact
    assert len(torch.unique(elements(G, 100).round(decimals=6) + 0.0, dim=0)) == 3


def test_generators_of_the_algebra_come_one_by_one():
    assert torch.equal(torch.stack(GL(2).algebra_elements), GL(2).lie_algebra)
    assert C(4).algebra_elements == []


def test_an_element_of_a_group_is_one_matrix():
    drawn = O(3).sample_elements(4, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, elements(O(3), 4))
