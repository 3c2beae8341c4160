"""Predictions on test samples, for the pictures of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Predictions:
    """Predictions on a few thousand test samples at most.

    Attributes:
        inputs: (n, dim_in).
        targets: (n, dim_out).
        outputs: (n, dim_out), of the model.
        baselines: Name -> (n, dim_out), such as ``"constant_velocity"``.
        track_dim: 2 or 3 for trajectories, whose inputs (the observed path) and targets are
            flattened (time, track_dim) in metres; None otherwise.
        moved: Name of a symmetry -> (m, elements, dim_out): for m samples and some group elements
            g, the answers ``rho_out(g)^-1 f(rho_in(g) x)``, which all equal the model's output if
            it keeps the symmetry.
        moved_samples: (m,), the samples that these belong to.

    Raises:
        ValueError: If shapes do not fit together.
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

    def displacement(self, outputs: np.ndarray) -> np.ndarray:
        """Distance of predicted from true positions in metres, (n, time).

        Args:
            outputs: (n, dim_out), of the model or of a baseline, for tracks.
        """
        d = self.track_dim or 1
        return np.linalg.norm((outputs - self.targets).reshape(len(self), -1, d), axis=2)
