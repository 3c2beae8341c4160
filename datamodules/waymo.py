"""The paper's motion task: agents of the Waymo Open Motion Dataset in three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from softsym.datamodules.base import SPLITS, Split, TensorDataModule
from softsym.datamodules.motion.waymo_paths import (
    LAYOUT,
    SOURCE,
    first_tenth,
    shard_paths,
    warn_of_missing,
)
from softsym.datamodules.motion.waymo_shards import ShardReader, ShardWindows
from softsym.datamodules.motion.waymo_windows import (
    CENTRINGS,
    CHOICES,
    COMPUTED,
    FUTURE,
    HISTORY,
    Normalisation,
    computed_normalisation,
    named,
    normalise,
)
from softsym.datamodules.synthetic import require_choice, require_number
from softsym.symmetries import Rep

OWN = "own"
TENTH = "training_tenth"
TENTH_RATIO = (8, 1, 1)
"""Train, val and test of the windows that ``training_tenth`` cuts."""


CHUNK = 1 << 16
WINDOW = (HISTORY + FUTURE, 3)


class Waymo(TensorDataModule):
    """Windows of 2.4 seconds: 6 observed points and 6 to predict, 0.2 s apart, x, y and z.

    Each agent that is seen over the first 24 steps of a record, changes its height and is not too
    fast gives one window. Inputs are float32 (n, 18), targets (n, 18), row-major (time, xyz),
    without unit: ``target_scale`` (18,) holds the metres per unit of the targets, by which metrics
    multiply.

    *Splits.* ``own``: train from the folder training/; val from every second shard of validation/,
    from the first on, and test from the others (the dataset's testing/ hides the future); where
    there is one shard only, its first half of records and its second. ``training_tenth``, as the
    original: all windows of the first tenth of the dataset's training shards, dealt out 8 : 1 : 1
    at random, so that agents of one scene may be on both sides.

    Args:
        data_dir: Folder of the dataset; None says where to get it when it is needed.
        cache_dir: Folder in which the windows of each shard are kept.
        batch_size: Global batch of the training, summed over processes.
        eval_batch_size: Global batch of validation and test.
        normalisation: ``symm_aware``, ``scale_aware`` or ``symm_scale_aware`` with the paper's
            constants, or ``computed_`` before that for constants of the training windows.
        centring: ``history`` subtracts the mean of the observed points; ``paper`` that of all 12,
            so that the input tells a little of the future.
        splits: ``own`` or ``training_tenth``.
        min_dz: Least change of height over the observed points, metres.
        max_dxy: Bound of the change of x and of y over the observed points, metres.
        rep_in: Type of the inputs.
        rep_out: Type of the targets.
        dim: Dimension of the base space.
        workers: Processes that read shards when the cache is built.
        split_seed: Seed of the cut of ``training_tenth``.
        seed: Seed of the order.

    Raises:
        ValueError: If a setting is none of what is allowed.
    """

    experiment = "paper/waymo_symm_aware"

    def __init__(
        self,
        data_dir: str | None,
        cache_dir: str,
        batch_size: int,
        *,
        eval_batch_size: int = 4096,
        normalisation: str = "symm_aware",
        centring: str = "history",
        splits: str = OWN,
        min_dz: float = 0.05,
        max_dxy: float = 5.0,
        rep_in: str | Rep = "6T1",
        rep_out: str | Rep = "6T1",
        dim: int = 3,
        workers: int = 1,
        split_seed: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(rep_in, rep_out, dim, batch_size, eval_batch_size, seed)
        if dim != 3:
            raise ValueError(f"The windows have x, y and z: dim must be 3; got {dim}.")
        require_choice("normalisation", normalisation, CHOICES)
        require_choice("centring", centring, CENTRINGS)
        require_choice("splits", splits, (OWN, TENTH))
        require_number("min_dz", min_dz, low=0.0)
        require_number("max_dxy", max_dxy, low=0.0)
        require_number("workers", workers, low=1)
        require_number("split_seed", split_seed, low=0)
        self.split_seed = split_seed
        self.normalisation, self.centring, self.cut = normalisation, centring, splits
        self.data_dir = None if data_dir is None else Path(data_dir).expanduser()
        self.cache_dir = Path(cache_dir).expanduser()
        self.reader = ShardReader(self.cache_dir.absolute() / "windows", min_dz, max_dxy)
        self.workers = workers

    def prepare_data(self) -> None:
        """Cuts the windows of all shards into the cache, unless they are there.

        Raises:
            FileNotFoundError: If a folder or its shards are missing.
            ValueError: If no folder is given, or a shard is damaged or holds something else.
        """
        self._windows()

    def load(self) -> Mapping[str, Split]:
        """Returns the normalised splits and sets ``target_scale``."""
        windows = self._windows()
        constants = self.constants(windows["train"])
        self.target_scale = torch.tensor(constants.std, dtype=torch.float32).repeat(FUTURE)
        return {name: self._split(windows.pop(name), constants) for name in SPLITS}

    def observed_path(self, inputs: torch.Tensor) -> torch.Tensor:
        """The observed points (n, 18) in metres, about their trajectory's centre."""
        return inputs if self.target_scale is None else inputs * self.target_scale

    def constants(self, training: np.ndarray) -> Normalisation:
        """The constants of the normalisation, given the training windows (n, 12, 3) in metres.

        Raises:
            ValueError: If they are to be computed from windows that do not allow it.
        """
        name = self.normalisation.removeprefix(COMPUTED)
        if name == self.normalisation:
            return named(name)
        return computed_normalisation(name, training, self.centring, HISTORY)

    def raw_folder(self) -> Path:
        """The folder of the dataset.

        Raises:
            ValueError: If none was given.
        """
        if self.data_dir is None:
            raise ValueError(
                f"datamodule.data_dir is not set, so there are no Waymo files to read. {SOURCE} "
                f"{LAYOUT} Then pass datamodule.data_dir=<that folder>, or try "
                "experiment=paper/waymo_demo, which simulates traffic."
            )
        return self.data_dir

    def _windows(self) -> dict[str, np.ndarray]:
        """Windows (n, 12, 3) of the three splits, in metres."""
        folder = self.raw_folder().absolute()
        training = shard_paths(folder, "training")
        if self.cut == TENTH:
            first = first_tenth(training)
            parts = self._dealt(_joined(self.reader.read_all(first, self.workers)))
            return self._not_empty(parts, folder)
        validation = shard_paths(folder, "validation")
        for paths in (training, validation):
            warn_of_missing(paths)
        shards = self.reader.read_all([*training, *validation], self.workers)
        held = shards[len(training) :]
        del shards[len(training) :]
        if len(held) == 1:
            val, test = _halves(held[0], validation[0])
        else:
            val, test = _joined(held[::2]), _joined(held[1::2])
        return self._not_empty({"train": _joined(shards), "val": val, "test": test}, folder)

    def _not_empty(self, parts: dict[str, np.ndarray], folder: Path) -> dict[str, np.ndarray]:
        for name, windows in parts.items():
            if not len(windows):
                low, high = self.reader.min_dz, self.reader.max_dxy
                raise ValueError(
                    f"No window of {folder} is left for {name!r}: no agent there is seen over the "
                    f"first 2.4 s of a record, changes its height by more than {low:g} m and its x "
                    f"and y by less than {high:g} m. Lower datamodule.min_dz, raise "
                    "datamodule.max_dxy, or add shards."
                )
        return parts

    def _dealt(self, windows: np.ndarray) -> dict[str, np.ndarray]:
        order = np.random.default_rng(self.split_seed).permutation(len(windows))
        bounds = np.cumsum(TENTH_RATIO)[:-1] * len(windows) // sum(TENTH_RATIO)
        parts = np.split(order, bounds)
        return {name: windows[part] for name, part in zip(SPLITS, parts, strict=True)}

    def _split(self, windows: np.ndarray, constants: Normalisation) -> Split:
        inputs = np.empty((len(windows), HISTORY * self.dim), np.float32)
        targets = np.empty((len(windows), FUTURE * self.dim), np.float32)
        for low in range(0, len(windows), CHUNK):  # so that no third copy is ever in memory
            rows = slice(low, low + CHUNK)
            points = normalise(windows[rows], constants, self.centring, HISTORY)
            inputs[rows] = points[:, :HISTORY].reshape(len(points), -1)
            targets[rows] = points[:, HISTORY:].reshape(len(points), -1)
        return torch.from_numpy(inputs), torch.from_numpy(targets)


def _joined(shards: list[ShardWindows]) -> np.ndarray:
    """The windows of all shards in one array; empties the list, so that they are there once."""
    joined = np.empty((sum(len(shard.windows) for shard in shards), *WINDOW), np.float32)
    end = len(joined)
    while shards:
        windows = shards.pop().windows
        joined[end - len(windows) : end] = windows
        end -= len(windows)
    return joined


def _halves(shard: ShardWindows, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Windows of the first half of the records and of the second."""
    if shard.records < 2:
        raise ValueError(
            f"{path} is the only shard of its folder and has 1 record, where val and test need one "
            "each. Add a shard to that folder."
        )
    first = shard.record < (shard.records + 1) // 2
    return shard.windows[first], shard.windows[~first]
