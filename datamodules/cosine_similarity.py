"""The paper's cosine similarity task: rotations and scale, broken one by one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from softsym.datamodules.synthetic import (
    SyntheticDataModule,
    normal_inputs,
    require_choice,
    require_number,
)
from softsym.symmetries import Rep

KEPT_GROUPS = {
    "so3-scale": "SO(3)*Scaling(3)",
    "so3": "SO(3)",
    "scale": "Scaling(3)",
    "none": "Trivial(3)",
}
"""By symmetry, what of the candidates is kept exactly for any eps."""


class CosineSimilarity(SyntheticDataModule):
    """Three vectors to their mean cosine, perturbed by their size or by an axis-bound ratio.

    Input ``3T1``, x_0, x_1, x_2 ~ N(0, 1) without units; target ``T0``:

        y = 1/3 sum_i cos(x_i, x_{i+1})  - eps r  (``so3``)  or  - eps q  (``scale``)
                                         or  - eps r + eps q  (``none``),

    with r = 1/3 sum_i |x_i| and q = |x_0|_1 / (|x_1|_1 + |x_2|_1), i + 1 taken in the cycle of
    three; ``so3-scale`` has neither. (Kim et al. 2023, sec. 5.)

    Equivariance error of the true function (0: exact), its mean taken off; below 0.3 is
    approximate. By symmetry and eps:

    ============ ====== ========== ============== ====================
    symmetry     eps    ``SO(3)``  ``Scaling(3)`` ``SO(3)*Scaling(3)``
    ============ ====== ========== ============== ====================
    so3-scale    any    0          0              0
    so3          1      0          0.60           0.67
    so3          0.1    0          0.21           0.26
    scale        1      0.21       0              0.21
    none         1      0.18       0.57           0.64
    none         0.1    0.04       0.21           0.26
    ============ ====== ========== ============== ====================

    Args:
        symmetry: ``so3-scale``, ``so3``, ``scale`` or ``none``: what is kept.
        samples: Number of samples in each of train, val, test and ood.
        batch_size: Global batch of the training.
        eps: How strongly the others are broken.
        rep_in: Type of the input; must have 9 numbers.
        rep_out: Type of the target; must have 1 number.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the split and of the order of batches.
        data_seed: Seed of the samples; None takes n + 3 + 9, for n samples in all, as the
            reference values of the paper do, so that every run has the same samples.
        ood: ``shift``, ``sign`` or None: the samples out of distribution.
        shift: How far ``shift`` moves each coordinate.

    Raises:
        ValueError: If a setting is none of what is allowed.
    """

    candidates = ("SO(3)", "Scaling(3)", "SO(3)*Scaling(3)")

    def __init__(
        self,
        symmetry: str,
        samples: int,
        batch_size: int,
        eps: float = 1.0,
        rep_in: str | Rep = "3T1",
        rep_out: str | Rep = "T0",
        eval_batch_size: int = 4096,
        seed: int = 0,
        data_seed: int | None = None,
        *,
        ood: str | None = None,
        shift: float = 1.0,
    ) -> None:
        require_choice("symmetry", symmetry, tuple(KEPT_GROUPS))
        require_number("eps", eps)
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
        self.symmetry, self.eps = symmetry, eps

    def draw(self, count: int, seed: int) -> Tensor:
        """Three vectors, (count, 9)."""
        return cosine_inputs(count, seed)

    def true_function(self) -> Callable[[Tensor], Tensor]:
        """The perturbed mean cosine, (n, 9) to (n, 1)."""
        return partial(perturbed_cosine, symmetry=self.symmetry, eps=self.eps)

    def true_group(self) -> str:
        """The candidates that are kept, all of them for eps = 0."""
        return KEPT_GROUPS[self.symmetry if self.eps else "so3-scale"]


def cosine_inputs(samples: int, seed: int | None = None) -> Tensor:
    """Three vectors, (samples, 9) float32.

    Args:
        samples: Number n of samples.
        seed: Seed; by default n + 3 + 9, the rule of the reference values.
    """
    return normal_inputs(samples, 3, 9, seed)


def mean_cosine(vectors: Tensor) -> Tensor:
    """Mean over the cycle of the cosine between one vector and the next.

    Args:
        vectors: (n, 3, d), none of them zero.

    Returns:
        (n,).
    """
    directions = vectors / vectors.norm(dim=-1, keepdim=True)
    return (directions * directions.roll(-1, dims=1)).sum(-1).mean(-1)


def perturbed_cosine(inputs: Tensor, symmetry: str, eps: float) -> Tensor:
    """The mean cosine, perturbed so that one symmetry, or none, is left.

    Args:
        inputs: Three vectors, (n, 9).
        symmetry: What is kept.
        eps: Size of the perturbation.

    Returns:
        (n, 1).
    """
    vectors = inputs.unflatten(1, (3, 3))
    y = mean_cosine(vectors)
    radius = vectors.norm(dim=-1).mean(-1)
    lengths = vectors.abs().sum(-1)
    ratio = lengths[:, 0] / lengths[:, 1:].sum(-1)
    of_radius = -eps if symmetry in ("so3", "none") else 0.0
    of_ratio = {"scale": -eps, "none": eps}.get(symmetry, 0.0)
    return (y + of_radius * radius + of_ratio * ratio)[:, None]
