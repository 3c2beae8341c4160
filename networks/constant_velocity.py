"""The baseline that every trajectory model has to beat: keep walking as seen last."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConstantVelocity(nn.Module):
    r"""Extrapolates the step between the last two observed positions; it has no parameters.

    .. math:: \hat p_t = p_0 + t\,(p_0 - p_{-1}), \qquad t = 1, \dots, T

    with :math:`p_0` the last observed position and :math:`p_{-1}` the one before.

    Args:
        history: Observed positions, at least 2.
        future: Predicted positions T, at least 1.
        dim: Coordinates of a position.

    Raises:
        ValueError: If an argument is too small.

    Example:
        >>> walk = torch.tensor([[0.0, 0.0, 1.0, 2.0]])
        >>> ConstantVelocity(history=2, future=2, dim=2)(walk)
        tensor([[2., 4., 3., 6.]])
    """

    def __init__(self, history: int, future: int, dim: int) -> None:
        super().__init__()
        for name, value, least in (("history", history, 2), ("future", future, 1), ("dim", dim, 1)):
            if value < least:
                raise ValueError(f"{name} must be at least {least}; got {value}.")
        self.history, self.future, self.dim = history, future, dim

    def forward(self, x: Tensor) -> Tensor:
        """Predicts the future positions.

        Args:
            x: Observed positions (n, history * dim), row-major (time, coordinate), oldest first.

        Returns:
            Predicted positions (n, future * dim) in the units of the input.

        Raises:
            ValueError: If the input has another size.
        """
        if x.ndim != 2 or x.shape[1] != self.history * self.dim:
            raise ValueError(
                f"The input must have the shape (n, {self.history * self.dim}), {self.history} "
                f"positions of {self.dim} coordinates; got {tuple(x.shape)}."
            )
        now, before = x[:, -self.dim :], x[:, -2 * self.dim : -self.dim]
        steps = torch.arange(1, self.future + 1, dtype=x.dtype, device=x.device)[:, None]
        return (now[:, None] + steps * (now - before)[:, None]).flatten(1)
