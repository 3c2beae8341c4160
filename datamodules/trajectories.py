"""Motion forecasting on any environment that trajdata reads, and on Argoverse 2."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from softsym.datamodules.array_store import Arrays, ArrayWriter, cached_arrays, fingerprint
from softsym.datamodules.base import SPLITS, Split, TensorDataModule
from softsym.datamodules.environment_folds import EnvironmentFold
from softsym.datamodules.motion import tracks, trajdata_scenes
from softsym.datamodules.motion.argoverse2 import argoverse2_scenes
from softsym.datamodules.motion.content_keys import raw_key
from softsym.datamodules.motion.dependence import has_enough_scenes
from softsym.datamodules.motion.environments import environment
from softsym.datamodules.motion.layout import Neighbours, steps, window_layout
from softsym.datamodules.motion.progress import with_progress
from softsym.datamodules.motion.scene_splits import scenes_by_part
from softsym.datamodules.motion.tracks import SceneTracks, TrackStore, row_of, text_of
from softsym.datamodules.motion.windows import WindowFilter, cut
from softsym.datamodules.setting_checks import Count, NonNegative, Positive, Seed, Workers
from softsym.symmetries import Rep

log = logging.getLogger(__name__)

COLUMNS = ("inputs", "targets", "scene", "track", "environment")
"""What is known of each window of a split."""
FORMAT_VERSION = 4
"""To be increased when the same tracks and settings give other windows."""


class TrajectoryDataModule(TensorDataModule):
    """Windows of tracks: the observed steps of an agent, and those to predict.

    Positions are relative to the agent's last observed one.
    :class:`~softsym.datamodules.motion.layout.WindowLayout` defines the content of an input. With
    the defaults, inputs are float32 (n, history * coordinates) and targets
    (n, future * coordinates), row-major (time, coordinate), in metres. Windows of one track
    overlap: ``clusters`` labels them by track, or by scene where every split has at least
    :data:`~softsym.datamodules.motion.dependence.ENOUGH_SCENES`. A track with a gap counts as two.

    The recordings are read once, and windows are cut once per choice of settings. Both stay in the
    cache, from which they are mapped into memory.

    Args:
        env: Environment, such as ``eupeds_zara1``, ``nusc_mini`` or ``argoverse2``.
        data_dir: Folder of its raw data; None raises an error that says where to get them.
        cache_dir: Folder of the cached tracks and windows.
        batch_size: Global training batch, summed over processes.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of the order.
        history_sec: Seconds from the first observed step to now; by default the usual value of the
            environment, as for the next two.
        future_sec: Seconds from now to the last predicted step.
        dt: Seconds between two steps, a whole multiple or fraction of the recordings'. With a
            fraction now is always a recorded step.
        least_future_sec: Least seconds of the future that must have been observed; None for all.
            Targets after the end of a track are NaN, which displacement metrics and
            :class:`softsym.metrics.ObservedMSELoss` leave out.
        coordinates: 2 for x, y and 3 for x, y, z.
        velocities: Whether velocities are observed as well, with a mask of where they are known:
            those of Argoverse 2 are measured, all others are the move since the step before.
        neighbours: Number of nearest agents whose observed steps are added to the input.
        agent_types: Kind or kinds of predicted agents (unknown, vehicle, pedestrian, bicycle,
            motorcycle); None for all.
        min_displacement: Least distance in metres between the first and the last step.
        max_speed: Speed in metres per second between two steps above which a track is considered
            broken.
        stride: Number of steps between the beginnings of two windows of a track.
        splits: Our splits -> those of the environment; its usual ones by default. Splits of ours
            that name the same one share its scenes at random.
        split_seed: Seed of these random splits.
        workers: Number of processes that read the recordings.
        rep_in: Type of the inputs, by default that of the layout.
        rep_out: Type of the targets, by default that of the layout.
    """

    experiment = "trajectories"

    def __init__(
        self,
        env: str,
        data_dir: str | None,
        cache_dir: str,
        batch_size: Count,
        *,
        eval_batch_size: Count = 4096,
        seed: Seed = 0,
        history_sec: NonNegative | None = None,
        future_sec: NonNegative | None = None,
        dt: Positive | None = None,
        least_future_sec: Positive | None = None,
        coordinates: Literal[2, 3] = 2,
        velocities: bool = False,
        neighbours: Neighbours = 0,
        agent_types: str | Sequence[str] | None = None,
        min_displacement: NonNegative = 0.0,
        max_speed: Positive | None = None,
        stride: Count = 1,
        splits: Mapping[str, str] | None = None,
        split_seed: Seed = 0,
        workers: Workers = 0,
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
        types = rep_in or self.layout.rep_in, rep_out or self.layout.rep_out
        super().__init__(*types, coordinates, batch_size, eval_batch_size, seed)
        kinds = (agent_types,) if isinstance(agent_types, str) else agent_types
        kinds = None if kinds is None else tuple(kinds)
        finer = tracks.whole_multiple(self.env.dt, self.dt) or 1
        least = None
        if least_future_sec is not None:
            least = steps(least_future_sec, self.dt, "least_future_sec")
        self.rules = WindowFilter(kinds, min_displacement, max_speed, stride, finer, least)
        self.partial_targets = self.rules.needed(self.layout) < self.layout.steps
        self.parts = _checked_splits(splits or self.env.splits)
        self.split_seed, self.workers = split_seed, workers
        self.data_dir = None if data_dir is None else Path(data_dir).expanduser()
        self.cache_dir = Path(cache_dir).expanduser()
        if coordinates == 3 and not self.env.heights:
            log.warning("%s has no heights: the third coordinate is 0.", env)

    def prepare_data(self) -> None:
        """Reads the recordings and cuts the windows into the cache, unless they are there.

        Lightning calls this on one rank per node, but nodes, and other jobs, may share the cache;
        its lock makes one of them build while the others wait.
        """
        arrays = self.windows()
        sizes = ", ".join(f"{part}: {len(arrays[f'{part}_targets'])}" for part in SPLITS)
        log.info("%s windows: %s.", self.env.name, sizes)

    @override
    def load(self) -> Mapping[str, Split]:
        return self._splits(self._parts(self.windows()))

    @override
    def environments(self) -> Mapping[str, np.ndarray]:
        arrays = self.windows()
        self._names = arrays["environments"]
        return {part: arrays[f"{part}_environment"] for part in SPLITS}

    @override
    def environment_name(self, label: Any) -> str:
        return text_of(self._names[label])

    @override
    def load_fold(self, fold: EnvironmentFold) -> Mapping[str, Split]:
        parts = self._parts(self.windows())
        labels = {part: columns[-1] for part, columns in parts.items()}
        return self._splits(fold.regroup(parts, labels))

    def _parts(self, arrays: Arrays) -> dict[str, list[np.ndarray]]:
        """The columns of each split's windows, by :data:`COLUMNS`."""
        return {part: [arrays[f"{part}_{column}"] for column in COLUMNS] for part in SPLITS}

    def _splits(self, parts: Mapping[str, Sequence[np.ndarray]]) -> dict[str, Split]:
        """Inputs and targets as tensors; sets the clusters."""
        tensors = {
            part: dict(zip(COLUMNS, map(torch.from_numpy, columns), strict=True))
            for part, columns in parts.items()
        }
        scenes = {part: tensors[part]["scene"].numpy() for part in parts}
        label = "scene" if has_enough_scenes(scenes) else "track"
        self.clusters = {part: tensors[part][label] for part in parts}
        return {part: (each["inputs"], each["targets"]) for part, each in tensors.items()}

    @override
    def observed_path(self, inputs: Tensor) -> Tensor:
        return inputs[:, : self.layout.path]

    def raw_folder(self) -> Path:
        """Returns the folder of the raw files after checking that it looks like one."""
        return self.env.require_folder(self.data_dir)

    def windows(self) -> Arrays:
        """Returns the windows, from the cache or built now.

        ``<split>_inputs`` and ``<split>_targets``, and the number of the scene and of the track of
        each window, ``<split>_scene`` and ``<split>_track`` (n,), which differ between splits.
        ``<split>_environment`` (n,) is the row of ``environments``, the names of the recordings;
        splits may share a recording, of which each has a part.
        """
        recordings = self._tracks_key(self._checked_folder())
        settings = (self.layout, self.rules, self.parts, self.split_seed)
        return cached_arrays(
            self.cache_dir.absolute(),
            f"{self.env.name}-windows",
            fingerprint(FORMAT_VERSION, recordings, settings),
            lambda writer: self._write_windows(writer, self.track_store()),
        )

    def track_store(self) -> TrackStore:
        """Returns the tracks of all scenes, from the cache or read now."""
        folder = self._checked_folder()
        return tracks.cached_tracks(
            self.cache_dir.absolute(),
            self.env.name,
            self._tracks_key(folder),
            self._own_splits,
            lambda scratch: self._read_scenes(folder, scratch),
        )

    def _checked_folder(self) -> Path:
        folder = self.raw_folder().absolute()
        self.env.require_module()
        return folder

    @property
    def _own_splits(self) -> list[str]:
        """The environment's splits from which ours come."""
        return list(dict.fromkeys(self.parts.values()))

    def _tracks_key(self, folder: Path) -> str:
        """Identifies everything on which the tracks depend."""
        reader = trajdata_scenes.trajdata_version() if self.env.by_trajdata else "pyarrow"
        raw = raw_key(folder, self.env.files or self.env.raw)
        return fingerprint(
            tracks.FORMAT_VERSION, reader, self.env.name, self._own_splits, self.dt, raw
        )

    def _read_scenes(self, folder: Path, scratch: Path) -> Iterable[SceneTracks]:
        if self.env.check is not None:
            self.env.check(folder)
        log.info("Reading %s from %s.", self.env.name, folder)
        if self.env.by_trajdata:
            scenes = trajdata_scenes.trajdata_scenes(
                self.env, folder, scratch, self._own_splits, self.dt, self.workers
            )
        else:
            scenes = argoverse2_scenes(self.env, folder, self._own_splits, self.dt)
        return with_progress(scenes, f"scenes of {self.env.name} read")

    def _write_windows(self, writer: ArrayWriter, store: TrackStore) -> None:
        number, first_track = 0, 0  # of the scene, in all splits together
        names: dict[str, int] = {}
        for part, scenes in scenes_by_part(store, self.parts, self.split_seed).items():
            # Empty rows first, which define the shape of a split whose scenes have no window.
            count = 0
            writer.append(f"{part}_inputs", np.zeros((0, self.layout.inputs), np.float32))
            width = self.layout.future * self.dim
            writer.append(f"{part}_targets", np.zeros((0, width), np.float32))
            for name in COLUMNS[2:]:
                writer.append(f"{part}_{name}", np.zeros(0, np.int64))
            for scene in with_progress(scenes, f"scenes of {part} cut into windows"):
                place = names.setdefault(scene.recording or f"scene {number}", len(names))
                for inputs, targets, agent in cut(scene, self.layout, self.rules, self.dt):
                    writer.append(f"{part}_inputs", inputs)
                    writer.append(f"{part}_targets", targets)
                    writer.append(f"{part}_scene", np.full(len(agent), number))
                    writer.append(f"{part}_track", first_track + agent)
                    writer.append(f"{part}_environment", np.full(len(agent), place))
                    count += len(inputs)
                number, first_track = number + 1, first_track + len(scene.steps)
            if not count:
                needed = self.rules.needed(self.layout)
                raise ValueError(
                    f"{self.env.name} has no window for {part!r}: no agent of {self.parts[part]!r} "
                    f"is seen for history + future = {needed} steps of {self.dt:g} s "
                    "and passes the filters. Lower datamodule.history_sec or future_sec, loosen "
                    "agent_types, min_displacement or max_speed, or name other datamodule.splits."
                )
        writer.append("environments", np.concatenate([row_of(name) for name in names]))


def _checked_splits(splits: Mapping[str, str]) -> dict[str, str]:
    """Returns our splits in their order after checking that there are no others."""
    if set(splits) != set(SPLITS):
        raise ValueError(
            f"datamodule.splits must name a split for each of {', '.join(SPLITS)}; got "
            f"{', '.join(map(str, splits)) or 'none'}."
        )
    return {part: str(splits[part]) for part in SPLITS}
