r"""Checks that a basis spans *all* invariants, without solving for them.

A basis that lost columns satisfies every constraint. What it lost is in the part of space that it
leaves, so a random vector of that part has a component there. With C the constraints, the component
is what no combination :math:`C^T C y` can reach: conjugate gradients subtract all that can be
reached, and something is left exactly if the basis is incomplete.
"""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.symmetries.constraints import gram
from softsym.symmetries.group import Group
from softsym.symmetries.orbits import orbit_basis
from softsym.symmetries.representations import T

STEPS = 2000
"""Most steps; they grow with the ratio of the largest to the smallest constraint."""

LEFT = 1e-5
"""Largest norm that may be left of a standard normal probe.

One lost column leaves the absolute value of a standard normal number, which is below this with
probability 8e-6; rounding leaves about 1e-12.
"""


def spans_all(G: Group, tensor: T, basis: Tensor) -> bool:
    """Whether a basis (size, r) of invariants spans all of them; False also if in doubt.

    The probe is another one each time, so that no forged file can be made to fit it.
    """
    if G.permutations is not None:  # counted; in large groups the probe would need many steps
        return basis.shape[1] == orbit_basis(G.permutations, tensor.rank).shape[1]
    generator = torch.Generator()
    generator.seed()
    v = torch.randn(len(basis), 1, generator=generator, dtype=torch.float64)
    left = v - basis @ (basis.T @ v)
    rest = gram(G, tensor, left)
    direction, size = rest, float(rest.square().sum())
    for _ in range(STEPS):
        if float(left.norm()) <= LEFT:
            return True
        if size < 1e-24:  # nothing more can be subtracted
            return False
        product = gram(G, tensor, direction)
        length = size / float((direction * product).sum())
        left = left - length * direction
        rest = rest - length * product
        before, size = size, float(rest.square().sum())
        direction = rest + (size / before) * direction
    return False
