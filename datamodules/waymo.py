"""The paper's motion task: agents of the Waymo Open Motion Dataset in three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from typing_extensions import override

from softsym.datamodules.base import SPLITS, Split, TensorDataModule
from softsym.datamodules.environment_folds import EnvironmentFold
from softsym.datamodules.motion.dependence import has_enough_scenes
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
    NORMALISATIONS,
    Normalisation,
    computed_normalisation,
    normalise,
)
from softsym.datamodules.setting_checks import Count, NonNegative, Processes, Seed, require_choice
from softsym.symmetries import Rep

OWN = "own"
TENTH = "training_tenth"
TENTH_RATIO = (8, 1, 1)
"""Shares of train, val and test in ``training_tenth``, 8 : 1 : 1."""

CHUNK = 1 << 16
"""Number of windows normalised at once."""
WINDOW = (HISTORY + FUTURE, 3)
Windows = tuple[np.ndarray, np.ndarray]
"""Windows (n, 12, 3) in metres, and the number of the record of each (n,)."""


class Waymo(TensorDataModule):
    """Windows of 2.4 seconds: 6 observed points and 6 to predict, 0.2 s apart, x, y and z.

    Every agent that is seen over the first 24 steps of a record, changes its height and is not too
    fast gives one window. Inputs are float32 (n, 18), targets (n, 18), row-major (time, xyz),
    without unit. ``target_scale`` (18,) contains the metres per unit of the targets, by which
    metrics multiply. Agents of one record depend on each other: ``clusters`` numbers the records,
    where every split has at least :data:`~softsym.datamodules.motion.dependence.ENOUGH_SCENES`.

    Splits ``own`` take train from the folder training/, val from every second shard of validation/
    beginning with the first, and test from the others (the dataset's testing/ hides the future). A
    single shard is split into the first and the second half of its records. Splits
    ``training_tenth``, as in the original, divide all windows of the first tenth of the training
    shards at random by 8 : 1 : 1, so that agents of one scene may be in several splits.

    Args:
        data_dir: Folder of the dataset; None raises an error that says where to get it.
        cache_dir: Folder of the cached windows of each shard.
        batch_size: Global training batch, summed over processes.
        eval_batch_size: Global batch of validation and test.
        normalisation: ``symm_aware``, ``scale_aware`` or ``symm_scale_aware`` with the paper's
            constants, or the same names after ``computed_`` for constants of the training windows.
        centring: ``history`` subtracts the mean of the observed points; ``paper`` that of all 12,
            which reveals a little of the future.
        splits: ``own`` or ``training_tenth``.
        min_dz: Least change of height over the observed points, metres.
        max_dxy: Bound of the change of x and of y over the observed points, metres.
        rep_in: Type of the inputs.
        rep_out: Type of the targets.
        dim: Dimension of the base space, 3.
        workers: Number of processes that read shards when the cache is built.
        split_seed: Seed of the split of ``training_tenth``.
        seed: Seed of the order.
    """

    experiment = "paper/waymo_symm_aware"

    def __init__(
        self,
        data_dir: str | None,
        cache_dir: str,
        batch_size: Count,
        *,
        eval_batch_size: Count = 4096,
        normalisation: str = "symm_aware",
        centring: str = "history",
        splits: str = OWN,
        min_dz: NonNegative = 0.05,
        max_dxy: NonNegative = 5.0,
        rep_in: str | Rep = "6T1",
        rep_out: str | Rep = "6T1",
        dim: int = 3,
        workers: Processes = 1,
        split_seed: Seed = 0,
        seed: Seed = 0,
    ) -> None:
        super().__init__(rep_in, rep_out, dim, batch_size, eval_batch_size, seed)
        if dim != 3:
            raise ValueError(f"The windows have x, y and z: dim must be 3; got {dim}.")
        require_choice("normalisation", normalisation, CHOICES)
        require_choice("centring", centring, CENTRINGS)
        require_choice("splits", splits, (OWN, TENTH))
        self.split_seed, self.workers = split_seed, workers
        self.normalisation, self.centring, self.split_rule = normalisation, centring, splits
        self.data_dir = None if data_dir is None else Path(data_dir).expanduser()
        self.cache_dir = Path(cache_dir).expanduser()
        self.reader = ShardReader(self.cache_dir.absolute() / "windows", min_dz, max_dxy)

    def prepare_data(self) -> None:
        """Cuts the windows of all shards into the cache, unless they are there."""
        self._windows()

    def load(self) -> Mapping[str, Split]:
        """Normalises the splits and sets ``target_scale`` and ``clusters``."""
        return self._normalised_splits(self._windows())

    @override
    def environments(self) -> Mapping[str, np.ndarray]:
        return {name: record for name, (_, record) in self._windows().items()}

    @override
    def environment_name(self, label: Any) -> str:
        return f"record {label}"

    @override
    def load_fold(self, fold: EnvironmentFold) -> Mapping[str, Split]:
        parts = self._windows()
        regrouped = fold.regroup(parts, {name: record for name, (_, record) in parts.items()})
        del parts
        return self._normalised_splits({name: (w, r) for name, (w, r) in regrouped.items()})

    def _normalised_splits(self, parts: dict[str, Windows]) -> dict[str, Split]:
        windows = {name: windows for name, (windows, _) in parts.items()}
        records = {name: record for name, (_, record) in parts.items()}
        del parts
        # an agent gives one window, so that windows are their own clusters where records are few
        if has_enough_scenes(records):
            self.clusters = {name: torch.from_numpy(record) for name, record in records.items()}
        constants = self.constants(windows["train"])
        self.target_scale = torch.tensor(constants.std, dtype=torch.float32).repeat(FUTURE)
        # Each split's windows are released once normalised: they may fill most of the memory.
        return {name: self._normalised(windows.pop(name), constants) for name in list(windows)}

    def observed_path(self, inputs: torch.Tensor) -> torch.Tensor:
        """Returns the observed points (n, 18) in metres, relative to their trajectory's centre."""
        return inputs if self.target_scale is None else inputs * self.target_scale

    def constants(self, training: np.ndarray) -> Normalisation:
        """Returns the constants of the normalisation, given training windows (n, 12, 3) in m."""
        if self.normalisation in NORMALISATIONS:
            return NORMALISATIONS[self.normalisation]
        name = self.normalisation.removeprefix(COMPUTED)
        return computed_normalisation(name, training, self.centring)

    def raw_folder(self) -> Path:
        """Returns the folder of the dataset; raises a ValueError if none was given."""
        if self.data_dir is None:
            raise ValueError(
                f"datamodule.data_dir is not set, so there are no Waymo files to read. {SOURCE} "
                f"{LAYOUT} Then pass datamodule.data_dir=<that folder>, or try "
                "experiment=paper/waymo_demo, which simulates traffic."
            )
        return self.data_dir

    def _windows(self) -> dict[str, Windows]:
        """Reads the windows of the three splits."""
        folder = self.raw_folder().absolute()
        training = shard_paths(folder, "training")
        if self.split_rule == TENTH:
            shards = self.reader.read_all(first_tenth(training), self.workers)
            return self._require_windows(self._split_randomly(_joined(shards)), folder)
        validation = shard_paths(folder, "validation")
        for paths in (training, validation):
            warn_of_missing(paths)
        shards = self.reader.read_all([*training, *validation], self.workers)
        held_out = shards[len(training) :]
        del shards[len(training) :]
        if len(held_out) == 1:
            val, test = _halves(held_out[0], validation[0])
        else:
            val, test = _joined(held_out[::2]), _joined(held_out[1::2])
        parts = {"train": _joined(shards), "val": val, "test": test}
        return self._require_windows(parts, folder)

    def _require_windows(self, parts: dict[str, Windows], folder: Path) -> dict[str, Windows]:
        for name, (windows, _) in parts.items():
            if not len(windows):
                low, high = self.reader.min_dz, self.reader.max_dxy
                raise ValueError(
                    f"No window of {folder} is left for {name!r}: no agent there is seen over the "
                    f"first 2.4 s of a record, changes its height by more than {low:g} m and its x "
                    f"and y by less than {high:g} m. Lower datamodule.min_dz, raise "
                    "datamodule.max_dxy, or add shards."
                )
        return parts

    def _split_randomly(self, joined: Windows) -> dict[str, Windows]:
        windows, record = joined
        order = np.random.default_rng(self.split_seed).permutation(len(windows))
        bounds = np.cumsum(TENTH_RATIO)[:-1] * len(windows) // sum(TENTH_RATIO)
        parts = np.split(order, bounds)
        return {
            name: (windows[part], record[part]) for name, part in zip(SPLITS, parts, strict=True)
        }

    def _normalised(self, windows: np.ndarray, constants: Normalisation) -> Split:
        inputs = np.empty((len(windows), HISTORY * self.dim), np.float32)
        targets = np.empty((len(windows), FUTURE * self.dim), np.float32)
        for low in range(0, len(windows), CHUNK):  # in parts, to avoid a third copy in memory
            rows = slice(low, low + CHUNK)
            points = normalise(windows[rows], constants, self.centring)
            inputs[rows] = points[:, :HISTORY].reshape(len(points), -1)
            targets[rows] = points[:, HISTORY:].reshape(len(points), -1)
        return torch.from_numpy(inputs), torch.from_numpy(targets)


def _joined(shards: list[ShardWindows]) -> Windows:
    """Joins the windows of all shards; empties the list, so that memory holds them only once."""
    record = np.concatenate([shard.record for shard in shards])
    joined = np.empty((sum(len(shard.windows) for shard in shards), *WINDOW), np.float32)
    end = len(joined)
    while shards:
        windows = shards.pop().windows
        joined[end - len(windows) : end] = windows
        end -= len(windows)
    return joined, record


def _halves(shard: ShardWindows, path: Path) -> tuple[Windows, Windows]:
    """Splits the windows of a shard into those of the first and the second half of its records."""
    if shard.records < 2:
        raise ValueError(
            f"{path} is the only shard of its folder and has 1 record, but val and test need one "
            "each. Add a shard to that folder."
        )
    first = shard.record < shard.first + (shard.records + 1) // 2
    early, late = ((shard.windows[part], shard.record[part]) for part in (first, ~first))
    return early, late
