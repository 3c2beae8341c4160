"""A task that breaks three symmetries independently, each by its own dial."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from typing_extensions import Unpack, override

from softsym.datamodules.setting_checks import Count, Share
from softsym.datamodules.synthetic import SampleSettings, SyntheticDataModule, normal_inputs
from softsym.symmetries import Rep

SCALE_MEAN, SCALE_STD = -0.1130315105166914, 0.6101059109853387
"""Moments of tanh(2 log(|x|^2 / 9)), by scipy.integrate.quad to 1e-13 over the chi-squared density
of |x|^2 with 9 degrees of freedom."""


class KnownAnswer(SyntheticDataModule):
    """Maps three vectors to a sum of four terms, three of them scaled by dials; without noise.

    Input ``3T1``, x_0, x_1, x_2 ~ N(0, 1) without units; target ``T0``:

        y = b_0 + rotation b_rot + scale b_scale + reflection b_ref,

    each term with mean 0 and standard deviation 1 over the inputs, all four uncorrelated and
    smooth where no vector is zero. With u_i = x_i / |x_i|:

    ======= ======================================================= ====================
    term    formula                                                 breaks
    ======= ======================================================= ====================
    b_0     u_0.u_1 + u_1.u_2 + u_2.u_0                             nothing
    b_rot   sqrt(5)/2 sum_i (x^2 - z^2 of u_i)                      ``SO(3)`` alone
    b_scale (tanh(2 log(|x|^2 / 9)) - mean) / std                   ``Scaling(3)`` alone
    b_ref   3 / sqrt(2) det(u_0, u_1, u_2)                          ``Reflect(3)`` alone
    ======= ======================================================= ====================

    |x|^2 = sum_i |x_i|^2. The factors follow from moments of uniform directions: the dot product
    of two has variance 1/3, x^2 - z^2 of one 4/15, the determinant of three 2/9. The mean and
    standard deviation of b_scale are ``SCALE_MEAN`` and ``SCALE_STD``. The task is defined here,
    not in a paper.

    A symmetry holds exactly if its dial is 0, whatever the others are. Equivariance error of the
    true function with the other dials at 0; below 0.3 is approximate:

    ============== ===== ===== ====== ===== ====== =====
    dial at        0     0.1   0.25   0.5   0.75   1
    ============== ===== ===== ====== ===== ====== =====
    ``SO(3)``      0     0.14  0.27   0.43  0.53   0.59
    ``Scaling(3)`` 0     0.13  0.26   0.40  0.48   0.51
    ``Reflect(3)`` 0     0.11  0.19   0.28  0.33   0.36
    ============== ===== ===== ====== ===== ====== =====

    Half of the elements drawn from ``Reflect(3)`` are the identity, which halves its error. Other
    dials above 0 add to the size of y and so reduce every error.

    Args:
        rotation: Dial of ``SO(3)``, from 0 to 1.
        scale: Dial of ``Scaling(3)``, from 0 to 1.
        reflection: Dial of ``Reflect(3)``, from 0 to 1.
        samples: Number of samples in each of train, val, test and ood.
        batch_size: Global training batch.
        rep_in: Type of the input; must have 9 numbers.
        rep_out: Type of the target; must have 1 number.
        **settings: Further settings of :class:`SyntheticDataModule`; ``data_seed`` is 0 by
            default.
    """

    candidates = ("SO(3)", "Scaling(3)", "Reflect(3)")

    def __init__(
        self,
        rotation: Share,
        scale: Share,
        reflection: Share,
        samples: Count,
        batch_size: Count,
        rep_in: str | Rep = "3T1",
        rep_out: str | Rep = "T0",
        **settings: Unpack[SampleSettings],
    ) -> None:
        settings.setdefault("data_seed", 0)
        super().__init__(
            rep_in, rep_out, 3, batch_size, samples=samples, points=3, width=9, **settings
        )
        self.rotation, self.scale, self.reflection = rotation, scale, reflection

    @override
    def draw(self, count: int, seed: int) -> Tensor:
        return normal_inputs(count, 3, 9, seed)

    @override
    def true_function(self) -> Callable[[Tensor], Tensor]:
        return partial(
            dialled, rotation=self.rotation, scale=self.scale, reflection=self.reflection
        )

    def true_group(self) -> str:
        """Joins the groups whose dials are 0."""
        # SO(3) and one mirror generate all mirrors; without SO(3) each axis has its own.
        mirrors = "Reflect(3)" if not self.rotation else "Reflect(3)*Reflect(3, 1)*Reflect(3, 2)"
        dials = {"SO(3)": self.rotation, "Scaling(3)": self.scale, mirrors: self.reflection}
        return "*".join(name for name, dial in dials.items() if not dial) or "Trivial(3)"


def dialled(inputs: Tensor, rotation: float, scale: float, reflection: float) -> Tensor:
    """Computes y (n, 1) of three non-zero vectors (n, 9), given the three dials."""
    of_rotation, of_scale, of_reflection = breaking_terms(inputs)
    y = base_term(inputs) + rotation * of_rotation + scale * of_scale + reflection * of_reflection
    return y[:, None]


def base_term(inputs: Tensor) -> Tensor:
    """Computes b_0 (n,), which keeps every candidate, of three vectors (n, 9)."""
    u = _directions(inputs)
    return (u * u.roll(-1, dims=1)).sum((1, 2))


def breaking_terms(inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Computes b_rot, b_scale and b_ref, each (n,), of three vectors (n, 9)."""
    u = _directions(inputs)
    of_rotation = math.sqrt(5) / 2 * (u[..., 0].square() - u[..., 2].square()).sum(-1)
    of_reflection = 3 / math.sqrt(2) * torch.linalg.det(u)
    # tanh(2 log q) = (q^4 - 1) / (q^4 + 1), which is smooth at 0 as well.
    growth = 1 - 2 / ((inputs.square().sum(-1) / 9).pow(4) + 1)
    return of_rotation, (growth - SCALE_MEAN) / SCALE_STD, of_reflection


def _directions(inputs: Tensor) -> Tensor:
    vectors = inputs.unflatten(1, (3, 3))
    return vectors / vectors.norm(dim=-1, keepdim=True)
