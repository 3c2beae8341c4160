"""The content of a window and its order, as sizes and as types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from softsym.datamodules.setting_checks import NonNegative, Positive, require

Neighbours = Annotated[int, Ge(0), Le(1000)]
"""Number of neighbours; there are a few hundred agents in the fullest scenes."""


@dataclass(frozen=True)
class WindowLayout:
    """Observed and predicted steps of one agent, optionally with its neighbours.

    The inputs are, in this order: the positions of the agent and of its neighbours, row-major
    (agent, time, coordinate); if wanted their velocities in the same order; if there are
    neighbours, a mask (agent, time) of scalars, 1 where a position was observed and 0 elsewhere;
    and with velocities a second such mask of where they are known. Neither a position nor a
    velocity depends on anything after now. Of a track's first step no velocity is known, unless the
    recordings hold measured ones. What is masked is 0. The targets are the agent's future positions
    (time, coordinate).

    Args:
        history: Number of observed steps, the last of them now.
        future: Number of predicted steps.
        dim: Coordinates of a position, 2 or 3.
        velocities: Whether velocities, and their mask, follow the positions.
        neighbours: Number of neighbours.
    """

    history: int
    future: int
    dim: int = 2
    velocities: bool = False
    neighbours: int = 0

    def __post_init__(self) -> None:
        if self.history < 1 or self.future < 1:
            raise ValueError(
                f"A window needs at least 1 observed and 1 predicted step; got {self.history} and "
                f"{self.future}. Choose a longer datamodule.history_sec or future_sec."
            )
        require("datamodule.coordinates", self.dim, Literal[2, 3])
        require("datamodule.neighbours", self.neighbours, Neighbours)

    @property
    def steps(self) -> int:
        """Number of observed and predicted steps together."""
        return self.history + self.future

    @property
    def vectors(self) -> int:
        """Number of vectors among the inputs."""
        return (1 + self.neighbours) * self.history * (2 if self.velocities else 1)

    @property
    def scalars(self) -> int:
        """Number of scalars among the inputs."""
        masks = int(self.neighbours > 0) + int(self.velocities)
        return (1 + self.neighbours) * self.history * masks

    @property
    def inputs(self) -> int:
        """Number of values in an input."""
        return self.vectors * self.dim + self.scalars

    @property
    def path(self) -> int:
        """Number of values in the agent's own observed path, with which an input begins."""
        return self.history * self.dim

    @property
    def extra(self) -> int:
        """Number of values in an input after the agent's own observed path."""
        return self.inputs - self.path

    @property
    def rep_in(self) -> str:
        """Type of the inputs.

        Example:
            >>> WindowLayout(8, 12, neighbours=2).rep_in
            '24T1 + 24T0'
        """
        vectors = f"{self.vectors}T1"
        return f"{vectors} + {self.scalars}T0" if self.scalars else vectors

    @property
    def rep_out(self) -> str:
        """Type of the targets."""
        return f"{self.future}T1"


def window_layout(
    history_sec: float,
    future_sec: float,
    dt: float,
    coordinates: int = 2,
    velocities: bool = False,
    neighbours: int = 0,
) -> WindowLayout:
    """Converts a layout given in seconds to steps of ``dt`` seconds.

    The first observed step is ``history_sec`` before now, the last predicted one ``future_sec``
    after now. The other arguments are those of :class:`WindowLayout`.

    Example:
        >>> window_layout(2.8, 4.8, 0.4).steps
        20
    """
    require("datamodule.dt", dt, Positive)
    observed = steps(history_sec, dt, "history_sec") + 1
    predicted = steps(future_sec, dt, "future_sec")
    return WindowLayout(observed, predicted, coordinates, velocities, neighbours)


def steps(seconds: float, dt: float, setting: str) -> int:
    """Converts a time of at least 0 seconds to a whole number of steps of ``dt`` seconds.

    Example:
        >>> steps(4.8, 0.4, "future_sec")
        12
    """
    require(f"datamodule.{setting}", seconds, NonNegative)
    count = round(seconds / dt)
    if abs(count * dt - seconds) > 1e-6 * max(1.0, seconds):
        raise ValueError(
            f"datamodule.{setting} is {seconds:g} s, which is not a whole number of steps of "
            f"{dt:g} s. The nearest is {count * dt:g}."
        )
    return count
