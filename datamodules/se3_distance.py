"""Distances of three points under rigid motions, with rotations or translations broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import torch
from torch import Tensor
from typing_extensions import Unpack, override

from softsym.datamodules.setting_checks import Count, require_choice
from softsym.datamodules.synthetic import SampleSettings, SyntheticDataModule, normal_inputs
from softsym.symmetries import Rep


class SE3Distance(SyntheticDataModule):
    """Maps three points in homogeneous coordinates to their mean distance, perturbed.

    Input ``3T1`` over R^4: p_0, p_1, p_2 ~ N(0, 1) without units, each with a fourth coordinate
    of 1; target ``T0``, with the sides s_i = p_{i+1} - p_i of the triangle (i + 1 taken in the
    cycle of three):

        y = 1/3 sum_i |s_i| - eps h(p).

    ============== ================================================ =============================
    symmetry       h                                                keeps exactly
    ============== ================================================ =============================
    ``se3``        0                                                SE(3)
    ``t3``         |s_0|_1 + |s_1|_1 + 3 |s_2|_1                    translations
    ``r3``         sum_i |p_i|^2                                    rotations about the origin
    ``ball``       |p_0|                                            rotations about the origin
    ``l1distance`` |x of s_0|                                       translations, turns about x
    ``r3t3soft``   h of ``t3`` plus h of ``r3``                     neither
    ``rxy2``       |p_0|_xy^2 + |p_1|_xy^2 + 3 |p_2|_xy^2           turns about z, shifts along z
    ``txy2``       as ``t3``, of the x and y components alone       translations
    ============== ================================================ =============================

    The names are those of the reference samples of the task of Kim et al. 2023, which come without
    formulas. The formulas here were inferred from the samples and reproduce them to single
    precision. All those samples have eps = 0.3; the factor eps follows the paper's other tasks.

    Equivariance error of the true function (0: exact) at eps = 0.3 after subtracting its mean;
    below 0.3 is approximate. Every error tends to 0 with eps:

    ============== ========== =============== ==================
    symmetry       ``SE(3)``  ``Rotation(3)`` ``Translation(3)``
    ============== ========== =============== ==================
    ``se3``        0          0               0
    ``t3``         0.36       0.36            0
    ``r3``         0.59       0               0.59
    ``ball``       0.24       0               0.24
    ``l1distance`` 0.36       0.36            0
    ``r3t3soft``   0.42       0.23            0.37
    ``rxy2``       0.61       0.49            0.50
    ``txy2``       0.61       0.61            0
    ============== ========== =============== ==================

    Args:
        symmetry: One of the names above.
        samples: Number of samples in each of train, val, test and ood.
        batch_size: Global training batch.
        eps: Size of the perturbation.
        rep_in: Type of the input; must have 12 numbers.
        rep_out: Type of the target; must have 1 number.
        **settings: Further settings of :class:`SyntheticDataModule`; the reference seed is
            n + 3 + 12 for n samples in total.
    """

    candidates = ("SE(3)", "Rotation(3)", "Translation(3)")

    def __init__(
        self,
        symmetry: str,
        samples: Count,
        batch_size: Count,
        eps: float = 0.3,
        rep_in: str | Rep = "3T1",
        rep_out: str | Rep = "T0",
        **settings: Unpack[SampleSettings],
    ) -> None:
        require_choice("symmetry", symmetry, tuple(KEPT_GROUPS))
        super().__init__(
            rep_in, rep_out, 4, batch_size, samples=samples, points=3, width=12, **settings
        )
        self.symmetry, self.eps = symmetry, eps

    @property
    @override
    def coordinates(self) -> Tensor:
        return torch.arange(self.width) % 4 < 3

    @override
    def draw(self, count: int, seed: int) -> Tensor:
        return distance_inputs(count, seed)

    @override
    def true_function(self) -> Callable[[Tensor], Tensor]:
        return partial(perturbed_distance, symmetry=self.symmetry, eps=self.eps)

    @override
    def true_group(self) -> str:
        return KEPT_GROUPS[self.symmetry if self.eps else "se3"]


def distance_inputs(samples: int, seed: int | None = None) -> Tensor:
    """Draws three points in homogeneous coordinates, (samples, 12); see :func:`normal_inputs`."""
    inputs = normal_inputs(samples, 3, 12, seed)
    inputs[:, 3::4] = 1.0
    return inputs


def perturbed_distance(inputs: Tensor, symmetry: str, eps: float) -> Tensor:
    """Computes y (n, 1) of three points (n, 12), whose fourth coordinates are ignored."""
    points = inputs.unflatten(1, (3, 4))[..., :3]
    sides = points.roll(-1, dims=1) - points
    y = sides.norm(dim=-1).mean(-1)
    if symmetry in PERTURBATIONS:
        y = y - eps * PERTURBATIONS[symmetry](points, sides)
    return y[:, None]


def _weighted(values: Tensor) -> Tensor:
    """Sums over the points or sides (n, 3) and counts the last one three times."""
    return values[:, 0] + values[:, 1] + 3 * values[:, 2]


def _taxicab(sides: Tensor) -> Tensor:
    return _weighted(sides.abs().sum(-1))


def _squares(points: Tensor) -> Tensor:
    return points.square().sum((1, 2))


PERTURBATIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {
        "t3": lambda _, sides: _taxicab(sides),
        "r3": lambda points, _: _squares(points),
        "ball": lambda points, _: points[:, 0].norm(dim=-1),
        "l1distance": lambda _, sides: sides[:, 0, 0].abs(),
        "r3t3soft": lambda points, sides: _taxicab(sides) + _squares(points),
        "rxy2": lambda points, _: _weighted(points[..., :2].square().sum(-1)),
        "txy2": lambda _, sides: _taxicab(sides[..., :2]),
    }
)
"""By name, the function h of points and sides, both (n, 3, 3), to (n,)."""

KEPT_GROUPS = {
    "se3": "SE(3)",
    "t3": "Translation(3)",
    "r3": "Rotation(3)",
    "ball": "Rotation(3)",
    "l1distance": "Translation(3)*SO(2)@yz",
    "r3t3soft": "Trivial(4)",
    "rxy2": "SO(2)@xy",
    "txy2": "Translation(3)",
}
"""By symmetry, a named subgroup of SE(3) that is kept exactly for any eps."""
