"""Tracks of Argoverse 2 motion forecasting, out of its parquet files.

One file holds one scenario of 11 s at 10 Hz, a row for each agent and step (Wilson et al. 2021,
*Argoverse 2*, arXiv 2301.00493). The released trajdata does not read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from datamodules.motion.environments import AGENT_TYPES, Environment
from datamodules.motion.tracks import SceneTracks, runs, thinned

COLUMNS = (
    *("track_id", "object_type", "timestep"),
    *("position_x", "position_y", "velocity_x", "velocity_y"),
)
KINDS = {
    "vehicle": "vehicle",
    "bus": "vehicle",
    "pedestrian": "pedestrian",
    "cyclist": "bicycle",
    "motorcyclist": "motorcycle",
}
"""Its kinds of agents and ours; the others, such as ``static``, are unknown."""


def argoverse2_scenes(
    env: Environment, data_dir: Path, splits: Sequence[str], dt: float | None = None
) -> Iterator[SceneTracks]:
    """Reads all scenarios, split by split, in the order of their names.

    Args:
        env: The environment.
        data_dir: Folder with a folder for each split.
        splits: Names of these folders.
        dt: Seconds between two steps, a multiple of 0.1.

    Raises:
        ValueError: If a split has no scenario, or a file is damaged.
    """
    factor = thinning(1.0 if dt is None else dt / env.dt, dt, env.dt)
    for split in splits:
        paths = sorted((data_dir / split).glob("*/scenario_*.parquet"))
        if not paths:
            raise ValueError(
                f"There is no scenario in {data_dir / split}. {env.layout} Name other splits with "
                "datamodule.splits."
            )
        for path in paths:
            yield thinned(read_scenario(path, split), factor)


def thinning(ratio: float, dt: float | None, native: float) -> int:
    """How many steps of the recordings make one.

    Raises:
        ValueError: If it is no whole number of at least 1.
    """
    factor = round(ratio)
    if factor < 1 or abs(ratio - factor) > 1e-6:
        raise ValueError(
            f"datamodule.dt is {dt:g} s, but the recordings are {native:g} s apart; it must be a "
            "whole multiple of that."
        )
    return factor


def read_scenario(path: Path, split: str) -> SceneTracks:
    """The tracks of one scenario; one with a gap counts as two.

    Args:
        path: The parquet file.
        split: Name of the split.

    Raises:
        ValueError: If the file cannot be read, or lacks a column.
    """
    columns = _columns(path)
    _, agent = np.unique(columns["track_id"].astype(str), return_inverse=True)
    step = columns["timestep"].astype(np.int64)
    order = np.lexsort((step, agent))
    agent, step = agent[order], step[order]
    first, steps = runs(agent, step)
    kinds = np.array([AGENT_TYPES.index(KINDS.get(k, "unknown")) for k in columns["object_type"]])
    flat = np.zeros((len(order), 1))  # it has no heights
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
    )


def _columns(path: Path) -> dict[str, np.ndarray]:
    import pyarrow  # noqa: PLC0415 - an extra
    from pyarrow import parquet  # noqa: PLC0415

    try:
        table = parquet.read_table(path, columns=list(COLUMNS))
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read ({error}). Fetch it again.") from error
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise ValueError(
            f"{path} lacks the columns {', '.join(missing)}, so it is no scenario of Argoverse 2's "
            "motion forecasting set."
        )
    return {name: table[name].to_numpy() for name in COLUMNS}
