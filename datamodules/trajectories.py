"""Motion forecasting on any environment that trajdata reads, and on Argoverse 2."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from softsym.datamodules.array_store import Arrays, ArrayWriter, cached_arrays, fingerprint, sizes
from softsym.datamodules.base import SPLITS, Split, TensorDataModule
from softsym.datamodules.motion import tracks, trajdata_scenes
from softsym.datamodules.motion.argoverse2 import argoverse2_scenes
from softsym.datamodules.motion.dealing import scenes_by_part
from softsym.datamodules.motion.environments import ARGOVERSE2, environment
from softsym.datamodules.motion.layout import window_layout
from softsym.datamodules.motion.progress import followed
from softsym.datamodules.motion.raw_files import raw_key
from softsym.datamodules.motion.tracks import SceneTracks, TrackStore
from softsym.datamodules.motion.windows import WindowFilter, cut
from softsym.symmetries import Rep

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
"""Raise it when the same tracks and settings give other windows."""


class TrajectoryDataModule(TensorDataModule):
    """Windows of tracks: the steps observed of an agent, and those to predict.

    Positions are relative to the agent's last observed one. What an input holds, and in which
    order, is in :class:`~softsym.datamodules.motion.layout.WindowLayout`; with the defaults,
    float32 (n, history * coordinates) and targets (n, future * coordinates), row-major (time,
    coordinate), in metres. Windows of one track overlap.

    The recordings are read once, and windows are cut from their tracks once for each choice of
    settings; both stay in the cache, from which they are mapped into memory.

    Args:
        env: Environment, such as ``eupeds_zara1``, ``nusc_mini`` or ``argoverse2``.
        data_dir: Folder of its raw data; None says where to get them when they are needed.
        cache_dir: Folder in which tracks and windows are kept.
        batch_size: Global batch of the training, summed over processes.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the order.
        history_sec: Seconds from the first observed step to now; the environment's usual ones by
            default.
        future_sec: Seconds from now to the last predicted step.
        dt: Seconds between two steps, a whole multiple or part of the recordings'.
        coordinates: 2 for x, y and 3 for x, y, z.
        velocities: Whether velocities are observed as well.
        neighbours: Number of nearest agents whose observed steps are given as well.
        agent_types: Kind or kinds of agents that are predicted (unknown, vehicle, pedestrian,
            bicycle, motorcycle); None for all.
        min_displacement: Least distance in metres between the first and the last step.
        max_speed: Metres per second between two steps from which a track counts as broken.
        stride: Steps between the beginnings of two windows of a track.
        splits: Our splits -> those of the environment; its usual ones by default. Where several
            are the same, scenes are dealt out.
        split_seed: Seed of the dealing.
        workers: Processes that read the recordings.
        rep_in: Type of the inputs, by default that of the layout.
        rep_out: Type of the targets.

    Raises:
        ValueError: If a setting is unknown or out of its range.
    """

    experiment = "trajectories"

    def __init__(
        self,
        env: str,
        data_dir: str | None,
        cache_dir: str,
        batch_size: int,
        *,
        eval_batch_size: int = 4096,
        seed: int = 0,
        history_sec: float | None = None,
        future_sec: float | None = None,
        dt: float | None = None,
        coordinates: int = 2,
        velocities: bool = False,
        neighbours: int = 0,
        agent_types: str | Sequence[str] | None = None,
        min_displacement: float = 0.0,
        max_speed: float | None = None,
        stride: int = 1,
        splits: Mapping[str, str] | None = None,
        split_seed: int = 0,
        workers: int = 0,
        rep_in: str | Rep | None = None,
        rep_out: str | Rep | None = None,
    ) -> None:
        self.env = environment(env)
        usual = self.env.usual
        self.dt = usual[0] if dt is None else dt
        self.layout = window_layout(
            usual[1] if history_sec is None else history_sec,
            usual[2] if future_sec is None else future_sec,
            self.dt,
            coordinates,
            velocities,
            neighbours,
        )
        super().__init__(
            rep_in or self.layout.rep_in,
            rep_out or self.layout.rep_out,
            coordinates,
            batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
        )
        kinds = (agent_types,) if isinstance(agent_types, str) else agent_types
        kinds = None if kinds is None else tuple(kinds)
        self.rules = WindowFilter(kinds, min_displacement, max_speed, stride)
        self.parts = _parts(splits or self.env.splits)
        if not isinstance(split_seed, int) or split_seed < 0:
            raise ValueError(
                f"datamodule.split_seed must be a whole number of at least 0; got {split_seed}."
            )
        self.split_seed, self.workers = split_seed, workers
        self.data_dir = None if data_dir is None else Path(data_dir).expanduser()
        self.cache_dir = Path(cache_dir).expanduser()
        if coordinates == 3 and not self.env.heights:
            log.warning("%s has no heights: the third coordinate is 0.", env)

    def prepare_data(self) -> None:
        """Reads the recordings and cuts the windows into the cache, unless they are there.

        Raises:
            FileNotFoundError: If raw files are missing.
            ValueError: If no folder is given, raw files are damaged or a split has no window.
            ImportError: If what reads the environment is not installed.
        """
        log.info("%s windows: %s.", self.env.name, sizes(_targets(self.windows())))

    def load(self) -> Mapping[str, Split]:
        """Returns the splits, mapped into memory from the cache."""
        arrays = self.windows()
        tensors = {name: torch.from_numpy(values) for name, values in arrays.items()}
        return {part: (tensors[f"{part}_inputs"], tensors[f"{part}_targets"]) for part in SPLITS}

    def observed_path(self, inputs: Tensor) -> Tensor:
        """The agent's own positions."""
        return inputs[:, : self.layout.path]

    def raw_folder(self) -> Path:
        """The folder of the raw files, once it looks like one.

        Raises:
            ValueError: If none was given.
            FileNotFoundError: If it holds other things.
        """
        return self.env.require_folder(self.data_dir)

    def windows(self) -> Arrays:
        """``<split>_inputs`` and ``<split>_targets``, from the cache or built now."""
        folder = self.raw_folder().absolute()
        self.env.require_module()
        recordings = self._tracks_key(folder)
        settings = (self.layout, self.rules, self.parts, self.split_seed)
        return cached_arrays(
            self.cache_dir.absolute(),
            f"{self.env.name}-windows",
            fingerprint(FORMAT_VERSION, recordings, settings),
            lambda writer: self._write(writer, self.track_store()),
        )

    def track_store(self) -> TrackStore:
        """The tracks of all scenes, from the cache or read now."""
        folder = self.raw_folder().absolute()
        self.env.require_module()
        key = self._tracks_key(folder)
        return tracks.cached_tracks(
            self.cache_dir.absolute(),
            self.env.name,
            key,
            self._own_splits,
            lambda scratch: self._scenes(folder, scratch),
        )

    @property
    def _own_splits(self) -> list[str]:
        """The environment's splits that ours come from."""
        return list(dict.fromkeys(self.parts.values()))

    def _tracks_key(self, folder: Path) -> str:
        """Names what the tracks depend on."""
        reader = "pyarrow" if self.env.name == ARGOVERSE2 else trajdata_scenes.trajdata_version()
        raw = raw_key(folder, self.env.files or self.env.raw)
        return fingerprint(
            tracks.FORMAT_VERSION, reader, self.env.name, self._own_splits, self.dt, raw
        )

    def _scenes(self, folder: Path, scratch: Path) -> Iterable[SceneTracks]:
        """Reads the recordings."""
        if self.env.check is not None:
            self.env.check(folder)
        log.info("Reading %s from %s.", self.env.name, folder)
        if self.env.name == ARGOVERSE2:
            scenes = argoverse2_scenes(self.env, folder, self._own_splits, self.dt)
        else:
            scenes = trajdata_scenes.trajdata_scenes(
                self.env, folder, scratch, self._own_splits, self.dt, self.workers
            )
        return followed(scenes, f"scenes of {self.env.name} read")

    def _write(self, writer: ArrayWriter, store: TrackStore) -> None:
        """Cuts the windows of all splits."""
        for part, scenes in scenes_by_part(store, self.parts, self.split_seed).items():
            count = 0
            widths = {"inputs": self.layout.inputs, "targets": self.layout.future * self.dim}
            for name, width in widths.items():
                writer.append(f"{part}_{name}", np.zeros((0, width), np.float32))
            for scene in followed(scenes, f"scenes of {part} cut into windows"):
                for inputs, targets in cut(scene, self.layout, self.rules, self.dt):
                    writer.append(f"{part}_inputs", inputs)
                    writer.append(f"{part}_targets", targets)
                    count += len(inputs)
            if not count:
                raise ValueError(
                    f"{self.env.name} has no window for {part!r}: no agent of {self.parts[part]!r} "
                    f"is seen for history + future = {self.layout.steps} steps of {self.dt:g} s "
                    "and passes the filters. Lower datamodule.history_sec or "
                    "future_sec, loosen agent_types, min_displacement or max_speed, or name other "
                    "datamodule.splits."
                )


def _parts(splits: Mapping[str, str]) -> dict[str, str]:
    """Our splits in their order.

    Raises:
        ValueError: If one is missing, or there are others.
    """
    if set(splits) != set(SPLITS):
        raise ValueError(
            f"datamodule.splits must name a split for each of {', '.join(SPLITS)}; got "
            f"{', '.join(map(str, splits)) or 'none'}."
        )
    return {part: str(splits[part]) for part in SPLITS}


def _targets(arrays: Arrays) -> Arrays:
    return {part: arrays[f"{part}_targets"] for part in SPLITS}
