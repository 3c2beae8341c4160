"""A task that breaks three symmetries, each by a dial of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from softsym.datamodules.synthetic import SyntheticDataModule, normal_inputs, require_number
from softsym.symmetries import Rep

SCALE_MEAN, SCALE_STD = -0.1130315105166914, 0.6101059109853387
"""Of tanh(2 log(|x|^2 / 9)): integrals over the chi-squared density of 9 degrees of freedom that
|x|^2 has, by scipy.integrate.quad to 1e-13."""


class KnownAnswer(SyntheticDataModule):
    """Three vectors to a sum of four terms, of which each dial brings in one; without noise.

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
    of two has variance 1/3, x^2 - z^2 of one 4/15, the determinant of three 2/9; the mean and
    standard deviation of b_scale are ``SCALE_MEAN`` and ``SCALE_STD``. This task is made here,
    not taken from a paper.

    A symmetry holds exactly where its dial is 0, whatever the others are. Equivariance error of
    the true function where the others are 0; below 0.3 is approximate:

    ============== ===== ===== ====== ===== ====== =====
    dial at        0     0.1   0.25   0.5   0.75   1
    ============== ===== ===== ====== ===== ====== =====
    ``SO(3)``      0     0.14  0.27   0.43  0.53   0.59
    ``Scaling(3)`` 0     0.13  0.26   0.40  0.48   0.51
    ``Reflect(3)`` 0     0.11  0.19   0.28  0.33   0.36
    ============== ===== ===== ====== ===== ====== =====

    ``Reflect(3)`` is drawn as the identity half of the time, which halves its error. Where other
    dials are up, their terms add to the size of y and every error is smaller.

    Args:
        rotation: Dial of ``SO(3)``, from 0 to 1.
        scale: Dial of ``Scaling(3)``, from 0 to 1.
        reflection: Dial of ``Reflect(3)``, from 0 to 1.
        samples: Number of samples in each of train, val, test and ood.
        batch_size: Global batch of the training.
        rep_in: Type of the input; must have 9 numbers.
        rep_out: Type of the target; must have 1 number.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the split and of the order of batches.
        data_seed: Seed of the samples, so that every run has the same ones.
        ood: ``shift``, ``sign`` or None: the samples out of distribution.
        shift: How far ``shift`` moves each coordinate.

    Raises:
        ValueError: If a setting is none of what is allowed.
    """

    candidates = ("SO(3)", "Scaling(3)", "Reflect(3)")

    def __init__(
        self,
        rotation: float,
        scale: float,
        reflection: float,
        samples: int,
        batch_size: int,
        rep_in: str | Rep = "3T1",
        rep_out: str | Rep = "T0",
        eval_batch_size: int = 4096,
        seed: int = 0,
        data_seed: int = 0,
        *,
        ood: str | None = None,
        shift: float = 1.0,
    ) -> None:
        for name, dial in (("rotation", rotation), ("scale", scale), ("reflection", reflection)):
            require_number(name, dial, 0.0, 1.0)
        super().__init__(
            rep_in,
            rep_out,
            3,
            batch_size,
            samples=samples,
            points=3,
            width=9,
            eval_batch_size=eval_batch_size,
            seed=seed,
            data_seed=data_seed,
            ood=ood,
            shift=shift,
        )
        self.rotation, self.scale, self.reflection = rotation, scale, reflection

    def draw(self, count: int, seed: int) -> Tensor:
        """Three vectors, (count, 9)."""
        return normal_inputs(count, 3, 9, seed)

    def true_function(self) -> Callable[[Tensor], Tensor]:
        """The sum of the four terms, (n, 9) to (n, 1)."""
        return partial(
            dialled, rotation=self.rotation, scale=self.scale, reflection=self.reflection
        )

    def true_group(self) -> str:
        """What the dials leave; without ``SO(3)``, the mirror images of all three axes."""
        mirrors = "Reflect(3)" if not self.rotation else "Reflect(3)*Reflect(3, 1)*Reflect(3, 2)"
        kept = [
            name
            for name, dial in (
                ("SO(3)", self.rotation),
                ("Scaling(3)", self.scale),
                (mirrors, self.reflection),
            )
            if not dial
        ]
        return "*".join(kept) or "Trivial(3)"


def dialled(inputs: Tensor, rotation: float, scale: float, reflection: float) -> Tensor:
    """The sum of the base and, by their dials, of the terms that break a symmetry.

    Args:
        inputs: Three vectors, (n, 9), none of them zero.
        rotation: Dial of the term that breaks ``SO(3)``.
        scale: Dial of the term that breaks ``Scaling(3)``.
        reflection: Dial of the term that breaks ``Reflect(3)``.

    Returns:
        (n, 1).
    """
    of_rotation, of_scale, of_reflection = breaking_terms(inputs)
    y = base_term(inputs) + rotation * of_rotation + scale * of_scale + reflection * of_reflection
    return y[:, None]


def base_term(inputs: Tensor) -> Tensor:
    """b_0, which keeps every candidate, of three vectors (n, 9); (n,)."""
    u = _directions(inputs)
    return (u * u.roll(-1, dims=1)).sum((1, 2))


def breaking_terms(inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """b_rot, b_scale and b_ref of three vectors (n, 9); each (n,)."""
    u = _directions(inputs)
    of_rotation = math.sqrt(5) / 2 * (u[..., 0].square() - u[..., 2].square()).sum(-1)
    of_reflection = 3 / math.sqrt(2) * torch.linalg.det(u)
    # tanh(2 log q) as a fraction, which is smooth at 0 as well
    growth = 1 - 2 / ((inputs.square().sum(-1) / 9).pow(4) + 1)
    return of_rotation, (growth - SCALE_MEAN) / SCALE_STD, of_reflection


def _directions(inputs: Tensor) -> Tensor:
    vectors = inputs.unflatten(1, (3, 3))
    return vectors / vectors.norm(dim=-1, keepdim=True)
