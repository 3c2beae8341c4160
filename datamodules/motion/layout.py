"""What a window holds and in which order, as sizes and as types."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WindowLayout:
    """Observed and predicted steps of one agent, perhaps with its neighbours.

    The inputs are, one after another: the positions of the agent and of its neighbours, row-major
    (agent, time, coordinate); if wanted their velocities, in the same order; and, where there are
    neighbours, a scalar for each position that is 1 where it was observed and 0 where not
    (agent, time). The targets are the agent's future positions (time, coordinate).

    Args:
        history: Observed steps, the last of them now.
        future: Predicted steps.
        dim: Coordinates of a position, 2 or 3.
        velocities: Whether velocities follow the positions.
        neighbours: Number of neighbours.

    Raises:
        ValueError: If a number is out of its range.
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
        if self.dim not in (2, 3):
            raise ValueError(f"datamodule.coordinates must be 2 or 3; got {self.dim}.")
        if not isinstance(self.neighbours, int) or self.neighbours < 0:
            raise ValueError(
                "datamodule.neighbours must be a whole number of at least 0; got "
                f"{self.neighbours}."
            )

    @property
    def steps(self) -> int:
        """Observed and predicted steps together."""
        return self.history + self.future

    @property
    def vectors(self) -> int:
        """Vectors among the inputs."""
        return (1 + self.neighbours) * self.history * (2 if self.velocities else 1)

    @property
    def scalars(self) -> int:
        """Scalars among the inputs."""
        return (1 + self.neighbours) * self.history if self.neighbours else 0

    @property
    def inputs(self) -> int:
        """Numbers of an input."""
        return self.vectors * self.dim + self.scalars

    @property
    def path(self) -> int:
        """Numbers of the agent's own observed path, with which an input begins."""
        return self.history * self.dim

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

    @property
    def extra(self) -> int:
        """Numbers of an input that follow the agent's own observed path."""
        return self.inputs - self.path


def window_layout(
    history_sec: float,
    future_sec: float,
    dt: float,
    coordinates: int = 2,
    velocities: bool = False,
    neighbours: int = 0,
) -> WindowLayout:
    """The layout of windows whose lengths are given in seconds.

    Args:
        history_sec: Seconds from the first observed step to now.
        future_sec: Seconds from now to the last predicted step.
        dt: Seconds between two steps.
        coordinates: 2 or 3.
        velocities: Whether velocities are observed.
        neighbours: Number of neighbours.

    Raises:
        ValueError: If a setting is out of its range.

    Example:
        >>> window_layout(2.8, 4.8, 0.4).steps
        20
    """
    if not isinstance(dt, int | float) or not 0 < dt < float("inf"):
        raise ValueError(f"datamodule.dt must be a number of seconds above 0; got {dt!r}.")
    observed = steps(history_sec, dt, "history_sec") + 1
    predicted = steps(future_sec, dt, "future_sec")
    return WindowLayout(observed, predicted, coordinates, velocities, neighbours)


def steps(seconds: float, dt: float, what: str) -> int:
    """Frames in a time.

    Args:
        seconds: The time, at least 0.
        dt: Seconds between two frames.
        what: The setting, for the message.

    Raises:
        ValueError: If it is no whole number of frames.

    Example:
        >>> steps(4.8, 0.4, "future_sec")
        12
    """
    if not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        raise ValueError(f"datamodule.{what} must be a time in seconds; got {seconds!r}.")
    count = round(seconds / dt)
    if abs(count * dt - seconds) > 1e-6 * max(1.0, seconds):
        raise ValueError(
            f"datamodule.{what} is {seconds:g} s, which is no whole number of steps of {dt:g} s. "
            f"The nearest is {count * dt:g}."
        )
    return count
