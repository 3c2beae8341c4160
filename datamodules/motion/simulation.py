"""The base of simulated recordings, which stand in for data that cannot be shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from filelock import FileLock

from softsym.datamodules.array_store import clear_unfinished


@dataclass(frozen=True)
class Simulation:
    """Settings of a simulation, which determine its files completely."""

    version: ClassVar[int]
    """To be increased when the same settings give other files."""

    @property
    def key(self) -> str:
        """Identifies the settings and the version of the simulation (12 hex digits)."""
        content = repr((self.version, astuple(self)))
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def folder(self, cache_dir: Path) -> Path:
        """Returns the folder of the simulated files within a cache."""
        return cache_dir.absolute() / f"simulated-{self.key}"


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Makes a folder and holds its lock, so that ranks do not write the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "write.lock"):
        clear_unfinished(folder)
        yield


def unit_vectors(angles: np.ndarray | float) -> np.ndarray:
    """Returns the directions (..., 2) of angles (...) in radians."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)
