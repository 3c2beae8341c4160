"""Named groups and representations that property tests iterate over, with their costs."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from softsym.symmetries import Group, Rep, group, rep

CHEAP, DEAR = "cheap", "dear"

GROUPS = {
    "Trivial(2)": CHEAP,
    "SO(1)": CHEAP,
    "SO(2)": CHEAP,
    "SO(3)": CHEAP,
    "O(1)": CHEAP,
    "O(2)": CHEAP,
    "O(3)": CHEAP,
    "C(1)": CHEAP,
    "C(3)": CHEAP,
    "C(4)": CHEAP,
    "D(1)": CHEAP,
    "D(5)": CHEAP,
    "Scaling(1)": CHEAP,
    "Scaling(3)": CHEAP,
    "Reflect(3)": CHEAP,
    "Reflect(3, 2)": CHEAP,
    "SL(1)": CHEAP,
    "SL(2)": CHEAP,
    "GL(2)": CHEAP,
    "O(2)@xy": CHEAP,
    "O(2)@xz": CHEAP,
    "D(3)@zx": CHEAP,
    "Scaling(1)@y": CHEAP,
    "SO(3)*Scaling(3)": CHEAP,
    "C(4)*Scaling(2)": CHEAP,
    "SL(3)": DEAR,
    "GL(3)": DEAR,
    "O(4)": DEAR,
    "SO(5)": DEAR,
}

REPS = (
    "T0",
    "T1",
    "T(0,1)",
    "T2",
    "T(1,1)",
    "T(0,2)",
    "T(2,1)",
    "T(1,2).T",
    "T4",
    "T(2,2)",
    "0T0",
    "2T0 + 3T1 + T0",
    "T0 + T(1,1) + 2T(0,2)",
    "(T0 + T1)*T(1,1)",
    "2(T1*(T0 + T(0,1))) + T1",
    "T(0,1) >> T0 + T1",
    "T(1,1) >> T(0,1)",
    "2T0 + T(1,1) >> T1 + T(0,1)",
)

SUBGROUPS = (
    ("Trivial(3)", "Reflect(3)"),
    ("Reflect(3)", "O(3)"),
    ("Reflect(3, 2)", "O(2)@yz"),
    ("SO(3)", "O(3)"),
    ("O(2)@xy", "O(3)"),
    ("C(3)", "C(6)"),
    ("C(4)", "D(4)"),
    ("D(4)", "O(2)"),
    ("SO(2)", "SL(2)"),
    ("SL(2)", "GL(2)"),
    ("Scaling(3)", "SO(3)*Scaling(3)"),
    ("SO(3)*Scaling(3)", "GL(3)"),
)
"""Pairs (H, G) with H inside G."""


def names(*costs: str) -> list[str]:
    """Names of the groups of these costs; the cheap ones by default."""
    return [name for name, cost in GROUPS.items() if cost in (costs or (CHEAP,))]


def pairs(largest: int = 90, *costs: str) -> st.SearchStrategy[tuple[Group, Rep]]:
    """A group and a representation of at most ``largest`` numbers over its base space."""
    both = [(G, R) for G in _groups(*costs) for R in map(rep, REPS)]
    return st.sampled_from([(G, R) for G, R in both if R.size(G.dim) <= largest])


@cache
def _groups(*costs: str) -> list[Group]:
    return [group(name) for name in names(*costs)]


seeds = st.integers(0, 2**31 - 1)
