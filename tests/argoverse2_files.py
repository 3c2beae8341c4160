"""Scenarios in the format of Argoverse 2, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

KINDS = ("vehicle", "pedestrian", "cyclist", "static", "bus")
STEPS = 110


def write_scenario(folder: Path, split: str, name: str, *, seed: int = 0, gap: bool = False):
    """Writes one scenario with its rows in any order; returns its columns."""
    import pyarrow
    from pyarrow import parquet

    draw = np.random.default_rng([seed, *name.encode()])
    rows = []
    for number, kind in enumerate(KINDS):
        first = int(draw.integers(0, 20)) if number else 0
        last = int(draw.integers(STEPS - 20, STEPS)) if number else STEPS - 1
        speed = draw.standard_normal(2) * (0 if kind == "static" else 5)
        place = draw.standard_normal(2) * 30
        for step in range(first, last + 1):
            if gap and number == 0 and step == STEPS // 2:
                continue
            at = place + 0.1 * step * speed
            rows.append((f"{number * 7}", kind, step, *at, *speed))
    order = draw.permutation(len(rows))
    names = ("track_id", "object_type", "timestep", "position_x", "position_y")
    names += ("velocity_x", "velocity_y")
    columns = {key: [rows[i][place] for i in order] for place, key in enumerate(names)}
    columns["scenario_id"] = [name] * len(rows)
    path = folder / split / name / f"scenario_{name}.parquet"
    path.parent.mkdir(parents=True)
    parquet.write_table(pyarrow.table(columns), path)
    return columns
