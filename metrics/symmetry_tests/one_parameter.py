"""Groups without a moving frame, tested through their one-parameter subgroups.

Where the orbits of G have no normal position, as those of SL(3) on single vectors, the subgroups
exp(tA) of its generators A often have one. Under G all of them hold, so that evidence against one
is evidence against G, and a lower bound for one is a lower bound for G. Nothing bounds the break of
G from above: G moves vectors to where no single subgroup does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from softsym.metrics.symmetry_tests.statistics import Numbers
from softsym.symmetries import Group


def one_parameter_groups(G: Group) -> list[Group]:
    """The closed subgroups exp(tA), one for each generator A; none for direct products."""
    if len(G.factors) > 1:
        return []
    return [
        Group(G.dim, A[None], name=f"exp(t A{k}) of {G}") for k, A in enumerate(G.lie_algebra, 1)
    ]


def joined(parts: Sequence[Numbers]) -> Numbers:
    """What the subgroups say of the group, by Bonferroni.

    Args:
        parts: Numbers of each subgroup, with bounds at the level divided by their number.

    Returns:
        The numbers of the subgroup that is broken most, with the corrected p-value and without an
        upper bound (infinite).
    """
    worst = max(parts, key=lambda part: (part.lower, -part.p))
    return Numbers(
        p=min(1.0, len(parts) * min(part.p for part in parts)),
        lower=max(part.lower for part in parts),
        upper=math.inf,
        estimate=worst.estimate,
        alpha=worst.alpha,
        alpha_error=worst.alpha_error,
    )
