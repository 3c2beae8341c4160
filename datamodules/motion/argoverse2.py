"""Reads the tracks of Argoverse 2 motion forecasting from its parquet files.

One file holds one scenario of 11 s at 10 Hz, one row per agent and step (Wilson et al. 2021,
*Argoverse 2*, arXiv 2301.00493). The released trajdata does not read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from softsym.datamodules.motion.environments import AGENT_TYPES, Environment
from softsym.datamodules.motion.tracks import SceneTracks, gapless_runs, thinned, whole_multiple

COLUMNS = (
    *("track_id", "object_type", "timestep"),
    *("position_x", "position_y", "velocity_x", "velocity_y"),
)
TEXTS = ("track_id", "object_type")
LARGEST = 1e6
"""Largest step, coordinate (metres) or speed (metres per second) that can be real."""

KINDS = {
    "vehicle": "vehicle",
    "bus": "vehicle",
    "pedestrian": "pedestrian",
    "cyclist": "bicycle",
    "motorcyclist": "motorcycle",
}
"""Argoverse's kinds of agents -> ours; all others, such as ``static``, are unknown."""


def argoverse2_scenes(
    env: Environment, data_dir: Path, splits: Sequence[str], dt: float | None = None
) -> Iterator[SceneTracks]:
    """Yields all scenarios with steps of ``dt`` seconds, split by split, ordered by name."""
    factor = 1 if dt is None else whole_multiple(dt, env.dt)
    if factor is None:
        raise ValueError(
            f"datamodule.dt is {dt:g} s, but the recordings are {env.dt:g} s apart; it must be a "
            "whole multiple of that."
        )
    for split in splits:
        for path in scenario_paths(env, data_dir, split):
            yield thinned(read_scenario(path, split), factor)


def scenario_paths(env: Environment, data_dir: Path, split: str) -> list[Path]:
    """Lists the files of all scenarios of a split, by name; none may be missing."""
    folders = sorted(path for path in (data_dir / split).glob("*") if path.is_dir())
    scenarios = [sorted(folder.glob("scenario_*.parquet")) for folder in folders]
    if not any(scenarios):
        raise ValueError(
            f"There is no scenario in {data_dir / split}. {env.layout} Name other splits with "
            "datamodule.splits."
        )
    empty = [folder.name for folder, files in zip(folders, scenarios, strict=True) if not files]
    if empty:
        raise ValueError(
            f"{len(empty)} of {len(folders)} folders in {data_dir / split} have no "
            f"scenario_<id>.parquet, such as {empty[0]}. Fetch them again, or remove them."
        )
    return [path for files in scenarios for path in files]


def read_scenario(path: Path, split: str) -> SceneTracks:
    """Reads and checks the tracks of one scenario; a track with a gap counts as two."""
    columns = _checked_columns(path)
    _, agent = np.unique(columns["track_id"].astype(str), return_inverse=True)
    step = columns["timestep"].astype(np.int64)
    order = np.lexsort((step, agent))
    agent, step = agent[order], step[order]
    if ((np.diff(agent) == 0) & (np.diff(step) == 0)).any():
        raise _damaged(path, "has two rows of one agent at one step")
    first, steps = gapless_runs(agent, step)
    kinds = np.array([AGENT_TYPES.index(KINDS.get(k, "unknown")) for k in columns["object_type"]])
    flat = np.zeros((len(order), 1))  # the dataset has no heights
    position, velocity = (
        np.column_stack([columns[f"{what}_x"], columns[f"{what}_y"]])[order]
        for what in ("position", "velocity")
    )
    return SceneTracks(
        split,
        step[first],
        steps,
        kinds[order][first],
        np.hstack([position, flat]),
        np.hstack([velocity, flat]),
        path.parent.name,
    )


def _checked_columns(path: Path) -> dict[str, np.ndarray]:
    import pyarrow  # noqa: PLC0415 - part of an extra
    from pyarrow import parquet  # noqa: PLC0415

    try:
        present = parquet.read_schema(path).names
        wanted = [name for name in COLUMNS if name in present]
        table = parquet.read_table(path, columns=wanted, page_checksum_verification=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, f"cannot be read ({str(error).splitlines()[0]})") from error
    if len(wanted) < len(COLUMNS):
        missing = ", ".join(name for name in COLUMNS if name not in present)
        raise ValueError(
            f"{path} lacks the columns {missing}, so it is not a scenario of the Argoverse 2 "
            "motion forecasting set."
        )
    if not table.num_rows:
        raise _damaged(path, "has no rows")
    return {name: _checked_values(path, name, table[name]) for name in COLUMNS}


def _checked_values(path: Path, name: str, column: Any) -> np.ndarray:
    """Returns the values of a column after checking their type and range."""
    if column.null_count:
        raise _damaged(path, f"has {column.null_count} empty cells in the column {name}")
    values: np.ndarray = column.to_numpy()
    if name in TEXTS:
        return values
    if values.dtype.kind not in "iuf" or (name == "timestep" and values.dtype.kind == "f"):
        raise _damaged(path, f"has {column.type} in the column {name}, instead of numbers")
    if not np.isfinite(values).all() or np.abs(values).max() > LARGEST:
        raise _damaged(path, f"has numbers in the column {name} that no city has")
    return values


def _damaged(path: Path, what: str) -> ValueError:
    return ValueError(f"{path} {what}. Fetch it again.")
