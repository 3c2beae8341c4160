"""A baseline for noisy tracks: keep walking at the velocity of all that was seen."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from softsym.networks.constant_velocity import extrapolated, observed_path, require_steps


class FittedVelocity(nn.Module):
    r"""Goes on from the last observed position with the velocity of a line through all of them.

    The slope v of the line, fitted by least squares, has a closed form:

    .. math:: \hat p_t = p_0 + t\,v, \qquad
              v = \frac{\sum_s (s - \bar s)\,p_s}{\sum_s (s - \bar s)^2}, \qquad t = 1, \dots, T

    over the observed steps s = 1-H, ..., 0 with mean :math:`\bar s`. Noise of size sigma in each
    position makes an error of :math:`\sigma\sqrt{12 / (H^3 - H)}` in v, instead of
    :math:`\sigma\sqrt 2` in that of :class:`~softsym.networks.ConstantVelocity`; what it pays is
    that it notices a turn later. The prediction starts at the last observed position, not on the
    line. It has no parameters.

    Args:
        history: Observed positions H, at least 2; with 2 this is constant velocity.
        future: Predicted positions T, at least 1.
        dim: Coordinates of a position.
        extra: Numbers that follow the observed positions in an input and are not looked at, such
            as velocities, neighbours and masks.

    Raises:
        ValueError: If an argument is too small.

    Example:
        >>> walk = torch.tensor([[0.0, 1.0, 1.0, 4.0]])
        >>> FittedVelocity(history=4, future=2, dim=1)(walk)
        tensor([[5.2000, 6.4000]])
    """

    def __init__(self, history: int, future: int, dim: int, extra: int = 0) -> None:
        super().__init__()
        require_steps(history, future, dim, extra)
        self.history, self.future, self.dim, self.extra = history, future, dim, extra
        # plain numbers, exact in whatever precision the input has
        centred = [step - (history - 1) / 2 for step in range(history)]
        size = sum(step**2 for step in centred)
        self.weights = tuple(step / size for step in centred)

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
        velocity = torch.einsum("s,nsd->nd", path.new_tensor(self.weights), path)
        return extrapolated(path[:, -1], velocity, self.future)
