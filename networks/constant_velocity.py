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
        extra: Numbers that follow the observed positions in an input and are not looked at, such
            as velocities, neighbours and masks.

    Raises:
        ValueError: If an argument is too small.

    Example:
        >>> walk = torch.tensor([[0.0, 0.0, 1.0, 2.0]])
        >>> ConstantVelocity(history=2, future=2, dim=2)(walk)
        tensor([[2., 4., 3., 6.]])
    """

    def __init__(self, history: int, future: int, dim: int, extra: int = 0) -> None:
        super().__init__()
        require_steps(history, future, dim, extra)
        self.history, self.future, self.dim, self.extra = history, future, dim, extra

    def forward(self, x: Tensor) -> Tensor:
        """Predicts the future positions.

        Args:
            x: Observed positions (n, history * dim + extra), row-major (time, coordinate), oldest
                first.

        Returns:
            Predicted positions (n, future * dim) in the units of the input.

        Raises:
            ValueError: If the input has another size.
        """
        path = observed_path(x, self.history, self.dim, self.extra)
        return extrapolated(path[:, -1], path[:, -1] - path[:, -2], self.future)


def require_steps(history: int, future: int, dim: int, extra: int) -> None:
    """Checks the settings of a baseline that goes on with a velocity.

    Raises:
        ValueError: If history is below 2, future or dim below 1, or extra negative.
    """
    named = (("history", history, 2), ("future", future, 1), ("dim", dim, 1), ("extra", extra, 0))
    for name, value, least in named:
        if value < least:
            raise ValueError(f"{name} must be at least {least}; got {value}.")


def observed_path(x: Tensor, history: int, dim: int, extra: int) -> Tensor:
    """The positions (n, history, dim) with which inputs (n, history * dim + extra) begin.

    Raises:
        ValueError: If the inputs have another size.

    Example:
        >>> observed_path(torch.tensor([[1.0, 2.0, 3.0, 4.0, 9.0]]), history=2, dim=2, extra=1)
        tensor([[[1., 2.],
                 [3., 4.]]])
    """
    size = history * dim
    if x.ndim != 2 or x.shape[1] != size + extra:
        more = f" and {extra} further numbers" if extra else ""
        raise ValueError(
            f"The input must have the shape (n, {size + extra}), {history} positions of {dim} "
            f"coordinates{more}; got {tuple(x.shape)}. The argument extra says how many numbers "
            "follow the positions."
        )
    return x[:, :size].unflatten(1, (history, dim))


def extrapolated(now: Tensor, step: Tensor, future: int) -> Tensor:
    """Positions after 1, ..., future steps, flattened.

    Args:
        now: Last position (n, dim).
        step: Way of one step (n, dim).
        future: Number of steps T.

    Returns:
        (n, T * dim), row-major (time, coordinate).

    Example:
        >>> extrapolated(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]]), future=2)
        tensor([[1., 2., 1., 4.]])
    """
    steps = torch.arange(1, future + 1, dtype=now.dtype, device=now.device)[:, None]
    return (now[:, None] + steps * step[:, None]).flatten(1)
