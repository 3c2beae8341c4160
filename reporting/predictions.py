"""Predictions on test samples, for the pictures of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from softsym.runs.files import replacing
from softsym.runs.untrusted import open_regular

ARRAYS = ("inputs", "targets", "outputs", "moved_samples")


def _require(fits: bool, message: str) -> None:
    if not fits:
        raise ValueError(f"Predictions: {message}")


@dataclass(frozen=True)
class Predictions:
    """Predictions on a few thousand test samples at most.

    Raises:
        ValueError: If shapes do not fit together.
    """

    inputs: np.ndarray  # (n, dim_in)
    targets: np.ndarray  # (n, dim_out)
    outputs: np.ndarray  # (n, dim_out), of the model
    baselines: dict[str, np.ndarray]  # name, such as "constant_velocity" -> (n, dim_out)
    # 2 or 3 for trajectories, whose inputs (the observed path) and targets are flattened
    # (time, track_dim) in metres; None otherwise
    track_dim: int | None = None
    # Name of a symmetry -> (m, elements, dim_out): for m samples and some group elements g, the
    # answers rho_out(g)^-1 f(rho_in(g) x), which all equal the model's output if it keeps the
    # symmetry.
    moved: dict[str, np.ndarray] = field(default_factory=dict)
    # (m,), the samples that these belong to
    moved_samples: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        given, expected, d = self.inputs.shape, self.targets.shape, self.track_dim
        _require(
            len(given) == len(expected) == 2,
            f"inputs and targets must be (samples, numbers), got shapes {given} and {expected}",
        )
        _require(given[0] == expected[0], f"{given[0]} inputs for {expected[0]} targets")
        for name, array in {"outputs": self.outputs, **self.baselines}.items():
            wanted = f"must have the shape of the targets {expected}"
            _require(array.shape == expected, f"{name} {wanted}, got {array.shape}")
        if d is not None:
            _require(d in (2, 3), f"track_dim must be 2, 3 or None, got {d}")
            for name, (_, size) in (("inputs", given), ("targets", expected)):
                _require(size % d == 0, f"{name} of {size} numbers are no flattened (time, {d})")
        chosen, last = self.moved_samples, len(self) - 1
        _require(
            chosen.ndim == 1 and bool(np.isin(chosen, np.arange(len(self))).all()),
            f"moved_samples must be a list of samples from 0 to {last}, got {chosen.tolist()}",
        )
        for name, array in self.moved.items():
            wanted = f"must have the shape ({len(chosen)}, elements, {expected[1]})"
            fits = array.ndim == 3 and array.shape[::2] == (len(chosen), expected[1])
            _require(fits, f"moved[{name!r}] {wanted}, got {array.shape}")

    def save(self, path: Path) -> None:
        """Writes all arrays in one step, as npz without pickles."""
        named = {f"baselines/{name}": array for name, array in self.baselines.items()}
        named |= {f"moved/{name}": array for name, array in self.moved.items()}
        plain = {name: getattr(self, name) for name in ARRAYS}
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, track_dim=np.array(self.track_dim or 0), **plain, **named)

    @classmethod
    def load(cls, path: Path) -> Predictions:
        """Reads what :meth:`save` wrote.

        Raises:
            OSError: If the file cannot be opened.
            ValueError: If it is damaged, or holds something else.
        """
        try:
            with open_regular(path) as file, np.load(file, allow_pickle=False) as archive:
                found = {name: archive[name] for name in archive.files}
            plain = {name: found[name] for name in ARRAYS}
            below = [
                {k.removeprefix(start): v for k, v in found.items() if k.startswith(start)}
                for start in ("baselines/", "moved/")
            ]
            return cls(
                **plain,
                baselines=below[0],
                moved=below[1],
                track_dim=int(found["track_dim"]) or None,
            )
        except (KeyError, TypeError, BadZipFile, EOFError) as error:
            raise ValueError(f"it holds no predictions: {error}") from None

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.targets)

    def displacement(self, outputs: np.ndarray) -> np.ndarray:
        """Distance in metres, (n, time), of predicted (n, dim_out) from true positions."""
        d = self.track_dim or 1
        return np.linalg.norm((outputs - self.targets).reshape(len(self), -1, d), axis=2)
