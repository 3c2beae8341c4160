"""What a run leaves behind, as plain values: the one input of every report."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from softsym.regularizers.tuning import StrengthRow


@dataclass(frozen=True)
class SymmetryResult:
    """What one candidate symmetry came to.

    Attributes:
        name: key of the regularizer in the config, such as ``"xy"``.
        group: name of the group, such as ``"O(2)@xy"``.
        strength: final strength; 0 means that it only watched and took no part.
        penalty: final penalty, in the units of the regularizer.
        model_error: relative equivariance error of the trained model on test inputs, 0 to 1.
        data_error: the same of the data, as far as samples alone tell: a nearest-neighbour
            estimate.
        data_floor: value of that estimate for the identity, which is pure noise.
        truth_error: the same of the function that made generated data; shown beside the others
            and never a ground of the verdict, which must come from what training found.
    """

    name: str
    group: str
    strength: float
    penalty: float
    model_error: float | None = None
    data_error: float | None = None
    data_floor: float | None = None
    truth_error: float | None = None

    @property
    def reference_error(self) -> float | None:
        """What to show beside the model's error: that of the data, or of the true function."""
        return self.truth_error if self.data_error is None else self.data_error

    @property
    def watched(self) -> bool:
        """Whether the symmetry took no part in the training."""
        return self.strength == 0


@dataclass(frozen=True)
class Predictions:
    """A few thousand test samples at most, for the pictures.

    Attributes:
        inputs: (n, dim_in).
        targets: (n, dim_out).
        outputs: (n, dim_out), of the model.
        baselines: name -> (n, dim_out), such as ``"constant_velocity"``.
        track_dim: 2 or 3 for trajectories, where inputs and targets are flattened
            (time, track_dim) in metres; None otherwise. Inputs are then the observed path alone.
        moved: name of a symmetry -> (m, elements, dim_out), the model's answers to the scenes of
            m samples after each of some group elements g, carried back:
            ``rho_out(g)^-1 f(rho_in(g) x)``. If the model keeps the symmetry all equal its output.
        moved_samples: (m,), the samples that these belong to.

    Raises:
        ValueError: shapes that do not belong together.
    """

    inputs: np.ndarray
    targets: np.ndarray
    outputs: np.ndarray
    baselines: dict[str, np.ndarray]
    track_dim: int | None = None
    moved: dict[str, np.ndarray] = field(default_factory=dict)
    moved_samples: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or self.targets.ndim != 2:
            raise ValueError(
                "Predictions: inputs and targets must be (samples, numbers), got shapes "
                f"{self.inputs.shape} and {self.targets.shape}"
            )
        if len(self.inputs) != len(self.targets):
            raise ValueError(
                f"Predictions: {len(self.inputs)} inputs for {len(self.targets)} targets"
            )
        for name, array in {"outputs": self.outputs, **self.baselines}.items():
            if array.shape != self.targets.shape:
                raise ValueError(
                    f"Predictions: {name} must have the shape of the targets "
                    f"{self.targets.shape}, got {array.shape}"
                )
        self._check_tracks()
        self._check_moved()

    def _check_tracks(self) -> None:
        if self.track_dim is None:
            return
        if self.track_dim not in (2, 3):
            raise ValueError(f"Predictions: track_dim must be 2, 3 or None, got {self.track_dim}")
        for name, array in (("inputs", self.inputs), ("targets", self.targets)):
            if array.shape[1] % self.track_dim:
                raise ValueError(
                    f"Predictions: {name} of {array.shape[1]} numbers are no flattened "
                    f"(time, {self.track_dim})"
                )

    def _check_moved(self) -> None:
        chosen = self.moved_samples
        if chosen.ndim != 1 or not np.isin(chosen, np.arange(len(self))).all():
            raise ValueError(
                f"Predictions: moved_samples must be a list of samples from 0 to {len(self) - 1}, "
                f"got {chosen.tolist()}"
            )
        for name, array in self.moved.items():
            shape = array.shape
            if len(shape) != 3 or (shape[0], shape[2]) != (len(chosen), self.targets.shape[1]):
                raise ValueError(
                    f"Predictions: moved[{name!r}] must have the shape ({len(chosen)}, elements, "
                    f"{self.targets.shape[1]}), got {shape}"
                )

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.targets)


@dataclass(frozen=True)
class RunSummary:
    """Everything a report tells; any part may be empty, as when a run is stopped early.

    Attributes:
        title: name of the run.
        status: ``"finished"``, ``"interrupted"`` or ``"failed"``.
        symmetries: one result per candidate symmetry.
        history: strengths and penalties by epoch.
        metrics: flat, such as ``{"test/mse": 0.1}``.
        predictions: test samples for the pictures.
        adjusted_at: epoch at which the policy adjusted the strengths.
        config: the composed config as yaml text.
        command: command line that runs it again.
        versions: package -> version.
        seconds: wall-clock time of the run, in seconds.
        parameters: number of trained numbers in the network.
    """

    title: str
    status: str = "finished"
    symmetries: tuple[SymmetryResult, ...] = ()
    history: tuple[StrengthRow, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    predictions: Predictions | None = None
    adjusted_at: int | None = None
    config: str = ""
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    parameters: int = 0

    @property
    def adjusted(self) -> bool:
        """Whether strengths were tuned during the run; strengths set by hand carry no news."""
        if self.adjusted_at is not None:
            return True
        first: dict[str, float] = {}
        return any(
            not math.isclose(first.setdefault(row.name, row.strength), row.strength, rel_tol=1e-6)
            for row in self.history
        )


def labels(results: Sequence[SymmetryResult]) -> dict[str, str]:
    """Name -> what a reader sees: the group, with the name where two share a group.

    Example:
        >>> labels([SymmetryResult("xy", "O(2)@xy", 1.0, 0.1)])
        {'xy': 'O(2)@xy'}
    """
    count = Counter(result.group for result in results)
    return {
        result.name: result.group if count[result.group] == 1 else f"{result.group} ({result.name})"
        for result in results
    }


def strongest_first(results: Sequence[SymmetryResult]) -> list[SymmetryResult]:
    """By falling strength; those whose strength is no number come last."""
    return sorted(results, key=lambda r: -r.strength if math.isfinite(r.strength) else math.inf)
