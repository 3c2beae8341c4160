"""Reads what to test: names of groups, a mapping, or a word that stands for many groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from softsym.metrics.symmetry_tests.samples import base_dims
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group

PLANES, ALL = "planes", "all"
AXES = "xyz"
FAMILIES = (
    "SO({d})",
    "O({d})",
    "Scaling({d})",
    "SO({d})*Scaling({d})",
    "S({d})",
    "Z({d})",
    "SL({d})",
    "GL({d})",
)
"""Families that act on any R^d with d of at least 2."""
IN_PLANES = ("SO(2)", "O(2)", "C(4)", "Scaling(2)")
NAMED = {
    3: ("Parity",),
    4: ("SO13p", "SO13", "O13", "Lorentz", "SE(3)", "Translation(3)", "Rotation(3)"),
}


def named_candidates(
    groups: str | Iterable[Any] | Mapping[str, Any],
    rep_in: Rep,
    rep_out: Rep,
    widths: tuple[int, int],
) -> dict[str, Any]:
    """Returns candidates as a mapping name -> group or name of a group.

    Args:
        groups: Names, groups, a mapping, ``"planes"``, ``"all"``, or one name.
        rep_in: Type of the inputs.
        rep_out: Type of the targets.
        widths: Number of columns of inputs and targets.

    Raises:
        ValueError: If there is no candidate, a name occurs twice, or a word is not understood.
    """
    if isinstance(groups, Mapping):
        named = {str(name): G for name, G in groups.items()}
    elif isinstance(groups, str) and groups in (PLANES, ALL):
        named = {name: name for name in _scan(groups, rep_in, rep_out, widths)}
    elif isinstance(groups, str | Group):
        named = {str(groups): groups}
    else:
        listed = list(groups)
        named = {str(G): G for G in listed}
        if len(named) < len(listed):
            raise ValueError(f"A candidate is listed twice: {', '.join(map(str, listed))}.")
    if not named:
        raise ValueError("There is no candidate. Name groups, as in ['O(2)@xy', 'Scaling(3)'].")
    return named


def _scan(word: str, rep_in: Rep, rep_out: Rep, widths: tuple[int, int]) -> list[str]:
    dims = base_dims(rep_in, rep_out, widths)
    if len(dims) != 1:
        raise ValueError(
            f"groups={word!r} needs types that tell the dimension of the space; {rep_in} and "
            f"{rep_out} have {widths[0]} and {widths[1]} numbers over "
            f"{'no space' if not dims else f'R^d for d = {dims[:5]}'}. Name the groups."
        )
    d = dims[0]
    if word == PLANES:
        names = ["O(2)"] if d == 2 else [f"O(2)@{a}{b}" for a, b in combinations(AXES[:d], 2)]
        if d not in (2, 3):
            raise ValueError(
                f"groups='planes' is for R^2 and R^3; the types are over R^{d}. Name the groups."
            )
        return names
    names = [family.format(d=d) for family in FAMILIES if d > 1] + list(NAMED.get(d, ()))
    names += [f"Reflect({d}, {axis})" for axis in range(d)]
    if d == 3:
        names += [f"{G}@{a}{b}" for G in IN_PLANES for a, b in combinations(AXES, 2)]
    return _distinct(names, d)


def _distinct(names: list[str], d: int) -> list[str]:
    """Names that can be read over R^d, one for each group."""
    seen: dict[Group, str] = {}
    for name in names:
        try:
            seen.setdefault(parse_group(name, d), name)
        except ValueError:  # not over this space
            continue
    return list(seen.values())
