"""The paper's cosine similarity task: rotations and scale, broken separately."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor
from typing_extensions import Unpack, override

from softsym.datamodules.setting_checks import Count, require_choice
from softsym.datamodules.synthetic import SampleSettings, SyntheticDataModule, normal_inputs
from softsym.symmetries import Rep

KEPT_GROUPS = {
    "so3-scale": "SO(3)*Scaling(3)",
    "so3": "SO(3)",
    "scale": "Scaling(3)",
    "none": "Trivial(3)",
}
"""By symmetry, the group of the candidates that is kept exactly for any eps."""


class CosineSimilarity(SyntheticDataModule):
    """Maps three vectors to their mean cosine, perturbed by their size or by an axis-bound ratio.

    Input ``3T1``, x_0, x_1, x_2 ~ N(0, 1) without units; target ``T0``:

        y = 1/3 sum_i cos(x_i, x_{i+1})  - eps r  (``so3``)  or  - eps q  (``scale``)
                                         or  - eps r + eps q  (``none``),

    with r = 1/3 sum_i |x_i| and q = |x_0|_1 / (|x_1|_1 + |x_2|_1), i + 1 taken in the cycle of
    three; ``so3-scale`` has neither. (Kim et al. 2023, sec. 5.)

    Equivariance error of the true function (0: exact) after subtracting its mean; below 0.3 is
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
        symmetry: The kept symmetry: ``so3-scale``, ``so3``, ``scale`` or ``none``.
        samples: Number of samples in each of train, val, test and ood.
        batch_size: Global training batch.
        eps: Strength of the perturbation that breaks the other symmetries.
        rep_in: Type of the input; must have 9 numbers.
        rep_out: Type of the target; must have 1 number.
        **settings: Further settings of :class:`SyntheticDataModule`; the reference seed is
            n + 3 + 9 for n samples in total.
    """

    candidates = ("SO(3)", "Scaling(3)", "SO(3)*Scaling(3)")

    def __init__(
        self,
        symmetry: str,
        samples: Count,
        batch_size: Count,
        eps: float = 1.0,
        rep_in: str | Rep = "3T1",
        rep_out: str | Rep = "T0",
        **settings: Unpack[SampleSettings],
    ) -> None:
        require_choice("symmetry", symmetry, tuple(KEPT_GROUPS))
        super().__init__(
            rep_in, rep_out, 3, batch_size, samples=samples, points=3, width=9, **settings
        )
        self.symmetry, self.eps = symmetry, eps

    @override
    def draw(self, count: int, seed: int) -> Tensor:
        return normal_inputs(count, 3, 9, seed)

    @override
    def true_function(self) -> Callable[[Tensor], Tensor]:
        return partial(perturbed_cosine, symmetry=self.symmetry, eps=self.eps)

    @override
    def true_group(self) -> str:
        return KEPT_GROUPS[self.symmetry if self.eps else "so3-scale"]


def mean_cosine(vectors: Tensor) -> Tensor:
    """Averages the cosine (n,) between consecutive non-zero vectors (n, 3, d) over the cycle."""
    directions = vectors / vectors.norm(dim=-1, keepdim=True)
    return (directions * directions.roll(-1, dims=1)).sum(-1).mean(-1)


def perturbed_cosine(inputs: Tensor, symmetry: str, eps: float) -> Tensor:
    """Computes y (n, 1) of three vectors (n, 9), perturbed so that only ``symmetry`` is kept."""
    vectors = inputs.unflatten(1, (3, 3))
    y = mean_cosine(vectors)
    radius = vectors.norm(dim=-1).mean(-1)
    lengths = vectors.abs().sum(-1)
    ratio = lengths[:, 0] / lengths[:, 1:].sum(-1)
    of_radius = -eps if symmetry in ("so3", "none") else 0.0
    of_ratio = {"scale": -eps, "none": eps}.get(symmetry, 0.0)
    return (y + of_radius * radius + of_ratio * ratio)[:, None]
