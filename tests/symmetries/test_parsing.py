"""Names of groups and representations, and the messages about wrong ones."""

import pytest
from market import GROUPS, REPS

from softsym.symmetries import (
    SO,
    C,
    Cube,
    DirectProduct,
    Embed,
    Generated,
    O,
    Reflect,
    S,
    Scalar,
    Scaling,
    T,
    Vector,
    group,
    rep,
)


@pytest.mark.parametrize("name", GROUPS)
def test_printed_groups_parse_back(name):
    assert group(str(group(name))) == group(name)
    assert str(group(name)) == name


@pytest.mark.parametrize("text", REPS)
def test_printed_representations_parse_back(text):
    for R in (rep(text), rep(text).T, rep(text) >> rep(text), 3 * rep(text)):
        assert rep(str(R)) == R


@pytest.mark.parametrize(
    ("text", "dim", "expected"),
    [
        ("O(2)@xz", None, Embed(O(2), 3, (0, 2))),
        (" O( 2 ) @ yx", 2, Embed(O(2), 2, (1, 0))),
        ("O(2)@xy", 4, Embed(O(2), 4, (0, 1))),
        ("Reflect(3,1)", None, Reflect(3, 1)),
        ("O(2)@xy * Reflect(3)", 3, Generated(Embed(O(2), 3, (0, 1)), Reflect(3))),
        ("S(5)xO(3)", None, DirectProduct(S(5), O(3))),
        (" S(5) x O(3) ", 15, DirectProduct(S(5), O(3))),
        ("Cube x O(3)", None, DirectProduct(Cube(), O(3))),
        ("O(2)@xy x S(2)", None, DirectProduct(Embed(O(2), 3, (0, 1)), S(2))),
        ("S(2)xO(2)@xz", None, DirectProduct(S(2), Embed(O(2), 3, (0, 2)))),
        ("(SO(2)*Scaling(2))xC(3)", None, DirectProduct(SO(2) * Scaling(2), C(3))),
        ("S(2)xS(2)xS(2)", 8, DirectProduct(S(2), S(2), S(2))),
    ],
)
def test_groups(text, dim, expected):
    assert group(text, dim) == expected
    assert group(expected, dim) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Scalling(3)",
            r"Unknown group 'Scalling' .* Did you mean Scaling\? .*families are C, Cube, D",
        ),
        ("So(3)", r"Unknown group 'So' .*Did you mean SO\?"),
        ("Embed(3)", "Unknown group 'Embed'"),
        ("Group(3)", "Unknown group 'Group'"),
        ("SO3", r"Unknown group 'SO3'.*Groups are written as 'SO\(3\)'"),
        ("SO(3", r"Cannot read the group 'SO\(3'"),
        ("SO(3)*", r"Cannot read the group 'SO\(3\)\*'"),
        ("SO(3)+O(3)", "Cannot read the group"),
        ("", "given by a name such as"),
        (3, "given by a name such as 'SO\\(3\\)'; got 3"),
        ("SO(three)", "must be whole numbers, as in 'SO\\(3\\)'"),
        ("SO(3.0)", "must be whole numbers"),
        ("SO()", r"'SO\(\)' has 0 arguments, which SO does not take"),
        ("SO(3, 1)", r"'SO\(3, 1\)' has 2 arguments, which SO does not take"),
        ("SO(0)", "whole number d >= 1; got d = 0"),
        ("C(-1)", r"C\(k\) needs a whole number k >= 1"),
        ("O(2)@xw", "Axes are named by x, y, z, as in '@xy'; got '@xw'"),
        ("O(2)@xx", "needs 2 different axes"),
        ("SO(3)@xy", "needs 3 different axes"),
        ("SO(3)*O(2)", "different dimension"),
        ("S(5)x", r"Cannot read the group 'S\(5\)x'.* GxH is the direct product"),
        ("S(5) x", "Cannot read the group"),
        ("S(5)x3", "Cannot read the group"),
        ("S(5)xo(3)", "Cannot read the group"),
        ("S(5)xOO(3)", r"Unknown group 'OO' in 'S\(5\)xOO\(3\)'\. Did you mean O\?"),
    ],
)
def test_bad_groups(text, message):
    with pytest.raises(ValueError, match=message):
        group(text)


def test_group_of_another_space():
    with pytest.raises(ValueError, match=r"SO\(3\) acts on R\^3, .*here is R\^2"):
        group("SO(3)", dim=2)
    with pytest.raises(ValueError, match="must be among 0 to 1"):
        group("O(2)@xz", dim=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5T0 + 5T1", 5 * T(0) + 5 * T(1)),
        ("Scalar + 2 Vector", Scalar + 2 * Vector),
        ("T(2,1)", T(2, 1)),
        ("T(2)", T(2)),
        ("T1.T", T(0, 1)),
        ("2T(2,1).T", 2 * T(2, 1).T),
        ("3*(T0 + V)", 3 * (T(0) + T(1))),
        ("T0+T1>>T2", (T(0) + T(1)) >> T(2)),
        ("T1*T1*T1", T(3)),
        ("T10", T(10)),
        (" 2T1 ", 2 * T(1)),
        ("V(S(5)) x V(O(3))", T(1)(S(5)) @ T(1)(O(3))),
        ("V(S(5))xT0", T(1)(S(5)) @ T(0)),
        ("T1 x T0 x T(0,1)", T(1) @ T(0) @ T(0, 1)),
        ("2(T1 x T0) + T1", 2 * (T(1) @ T(0)) + T(1)),
        ("T1 x T0 >> T1 x T1", (T(1) @ T(0)) >> (T(1) @ T(1))),
        ("V x V", T(1) @ T(1)),
        ("V(SO(2)*Scaling(2))", T(1)(SO(2) * Scaling(2))),
        ("V(O(2)@xy)", T(1)(Embed(O(2), 3, (0, 1)))),
        ("T(2,1)(Cube)", T(2, 1)(Cube())),
        ("(T0 + T1)(S(3))", (T(0) + T(1))(S(3))),
        ("V(S(5)xO(3))", T(1)(DirectProduct(S(5), O(3)))),
    ],
)
def test_reps(text, expected):
    assert rep(text) == expected
    assert rep(expected) is expected


@pytest.mark.parametrize(
    "text",
    ["", "5", "T", "T1 T2", "T(1,2,3)", "T(-1)", "T1 - T0", "-T1", "T1.5", "X2", "T(T1)", "2*3",
     "__import__('os')", "T1.size", "T(p=1)", "T1 if 1 else T0", "2T1 +", "T1 x", "x T1", "T1xT1",
     "V()", "V(G=S(3))", "V(S(3), S(4))"],
)  # fmt: skip
def test_bad_reps(text):
    with pytest.raises(ValueError, match=r"Cannot read the representation .* Allowed are T0, T1"):
        rep(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("V(So(3))", r"Unknown group 'So' in 'So\(3\)'\. Did you mean SO\?"),
        ("V(S(0))", "whole number d >= 1; got d = 0"),
        ("T1(2)", r"Cannot read the group '2'"),
        ("V(SO(3)*O(2))", "different dimension"),
    ],
)
def test_a_type_of_a_group_that_is_none(text, message):
    with pytest.raises(ValueError, match=message):
        rep(text)


def test_a_rep_is_given_by_text():
    with pytest.raises(ValueError, match="given by text such as '5T0 \\+ 5T1'; got 5"):
        rep(5)


def test_market_has_no_duplicates():
    assert len({rep(text) for text in REPS}) == len(REPS)
