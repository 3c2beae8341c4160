"""Baselines for trajectory models: extrapolate the observed path at a constant velocity."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from typing_extensions import override


class VelocityBaseline(nn.Module, ABC):
    r"""Extrapolates from the last observed position; subclasses estimate the velocity.

    .. math:: \hat p_t = p_0 + t\,v, \qquad t = 1, \dots, T

    with the observed positions :math:`p_{1-H}, \dots, p_0`. There are no parameters.

    Args:
        history: Number of observed positions H, at least 2.
        future: Number of predicted positions T, at least 1.
        dim: Coordinates of a position.
        extra: Number of values after the positions in each input, such as velocities, neighbours
            and masks; they are ignored.
    """

    def __init__(self, history: int, future: int, dim: int, extra: int = 0) -> None:
        super().__init__()
        least = {"history": 2, "future": 1, "dim": 1, "extra": 0}
        for (name, bound), value in zip(least.items(), (history, future, dim, extra), strict=True):
            if value < bound:
                raise ValueError(f"{name} must be at least {bound}; got {value}.")
        self.history, self.future, self.dim, self.extra = history, future, dim, extra

    @abstractmethod
    def velocity(self, path: Tensor) -> Tensor:
        """Estimates the displacement per step (n, dim) of observed paths (n, history, dim)."""

    def forward(self, x: Tensor) -> Tensor:
        """Predicts positions (n, future * dim) from inputs (n, history * dim + extra).

        Both are row-major (time, coordinate), oldest first, in the same units.
        """
        size = self.history * self.dim
        if x.ndim != 2 or x.shape[1] != size + self.extra:
            more = f" and {self.extra} further numbers" if self.extra else ""
            raise ValueError(
                f"The input must have the shape (n, {size + self.extra}), {self.history} positions "
                f"of {self.dim} coordinates{more}; got {tuple(x.shape)}. The argument extra is the "
                "number of values after the positions."
            )
        path = x[:, :size].unflatten(1, (self.history, self.dim))
        return extrapolate(path[:, -1], self.velocity(path), self.future)


class ConstantVelocity(VelocityBaseline):
    r"""Repeats the last observed step, :math:`v = p_0 - p_{-1}`.

    Takes the arguments of :class:`VelocityBaseline`.

    Example:
        >>> walk = torch.tensor([[0.0, 0.0, 1.0, 2.0]])
        >>> ConstantVelocity(history=2, future=2, dim=2)(walk)
        tensor([[2., 4., 3., 6.]])
    """

    @override
    def velocity(self, path: Tensor) -> Tensor:
        return path[:, -1] - path[:, -2]


class FittedVelocity(VelocityBaseline):
    r"""Takes the velocity of the least-squares line through all observed positions.

    .. math:: v = \frac{\sum_s (s - \bar s)\,p_s}{\sum_s (s - \bar s)^2}

    over the observed steps s = 1-H, ..., 0 with mean :math:`\bar s`. Position noise of standard
    deviation sigma causes an error of :math:`\sigma\sqrt{12 / (H^3 - H)}` in v, compared with
    :math:`\sigma\sqrt 2` for :class:`ConstantVelocity`; in exchange v reacts later to a turn. The
    prediction starts at the last observed position, not on the line.

    Takes the arguments of :class:`VelocityBaseline`. With ``history=2`` it equals
    :class:`ConstantVelocity`.

    Example:
        >>> walk = torch.tensor([[0.0, 1.0, 1.0, 4.0]])
        >>> FittedVelocity(history=4, future=2, dim=1)(walk)
        tensor([[5.2000, 6.4000]])
    """

    @override
    def velocity(self, path: Tensor) -> Tensor:
        # Half-integers and the sum of their squares are exact in every precision of the input.
        centred = [step - (self.history - 1) / 2 for step in range(self.history)]
        weights = path.new_tensor(centred) / sum(step**2 for step in centred)
        return torch.einsum("s,nsd->nd", weights, path)


def extrapolate(position: Tensor, step: Tensor, future: int) -> Tensor:
    """Computes the positions (n, T * dim), row-major, after 1, ..., T = ``future`` equal steps.

    ``position`` and ``step`` are (n, dim).

    Example:
        >>> extrapolate(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]]), future=2)
        tensor([[1., 2., 1., 4.]])
    """
    times = torch.arange(1, future + 1, dtype=position.dtype, device=position.device)[:, None]
    return (position[:, None] + times * step[:, None]).flatten(1)
