"""Mean Euclidean distance between vectors: the loss whose value the average displacement is."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override


class DistanceLoss(nn.Module):
    r"""Mean distance of predicted and true vectors, :math:`\frac1{nk}\sum |\hat v - v|`.

    Unlike the squared error it weighs a sample that is far off by its distance alone. On paths it
    is the average displacement error (ADE).

    Args:
        dim: Dimension of a vector; each sample holds any number k of them, one after another.

    Shape:
        Prediction and target (n, k * dim). A vector with a NaN among the targets is left out.

    Raises:
        ValueError: If dim is below 1, or (in a call) samples are no whole number of vectors.

    Example:
        >>> loss = DistanceLoss(dim=2)
        >>> loss(torch.tensor([[3.0, 4.0, 0.0, 1.0]]), torch.zeros(1, 4))
        tensor(3.)
    """

    takes_missing = True

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"dim must be at least 1; got {dim}.")
        self.dim = dim

    @override
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        if target.shape[-1] % self.dim:
            raise ValueError(
                f"The distance is one between vectors of {self.dim} numbers, but the targets have "
                f"{target.shape[-1]}. Set loss.dim to the length of a vector."
            )
        gap = (prediction - target).unflatten(-1, (-1, self.dim))
        known = ~target.unflatten(-1, (-1, self.dim)).isnan().any(-1)
        # where, before the norm: 0 times NaN is NaN, in the gradient too
        lengths = torch.linalg.vector_norm(torch.where(known[..., None], gap, 0.0), dim=-1)
        return lengths.sum() / known.sum().clamp_min(1)
