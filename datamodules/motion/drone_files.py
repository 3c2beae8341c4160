"""Repairs the annotations of the Stanford Drone Dataset before trajdata reads them.

A line is agent, x_min, y_min, x_max, y_max, frame, lost, occluded, generated and label. A box that
is ``lost`` lies where its agent was last seen, outside the view; one that is ``generated`` was
interpolated by the annotation tool, and trajdata interpolates it anew over all rows of a file, from
the end of one agent to the beginning of the next. A position between two annotated ones therefore
knows the later of the two: that is in the nature of these data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from softsym.datamodules.motion.tracks import gapless_runs

if TYPE_CHECKING:
    import pandas as pd

RAW = "*/video*/annotations.txt"
COLUMNS = (
    *("agent", "x_min", "y_min", "x_max", "y_max"),
    *("frame", "lost", "occluded", "generated", "label"),
)


def repaired_annotations(folder: Path, target: Path) -> Path:
    """Copies all annotations to ``target``, without the rows that are no observations.

    Raises:
        ValueError: If a file is no table of annotations, or nothing is left of it.
    """
    import pandas as pd  # noqa: PLC0415 - part of an extra

    for path in sorted(folder.glob(RAW)):
        try:
            table = pd.read_csv(path, sep=" ", header=None, names=COLUMNS, index_col=False)
            numbers = table[list(COLUMNS[:-1])].astype(np.int64)
        except (ValueError, OverflowError) as error:  # pandas' own errors are ValueErrors
            raise ValueError(
                f"{path} is no table of Stanford Drone annotations ({error}). Fetch it again."
            ) from error
        observed = observed_rows(numbers.assign(label=table["label"]))
        if not len(observed):
            raise ValueError(f"{path} has no annotated position. Fetch it again.")
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        observed.to_csv(copy, sep=" ", header=False, index=False)
    return target


def observed_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Drops lost rows, and generated ones that no annotated row of the same track follows.

    An agent that was lost in between becomes two: agents are numbered anew, one for each track
    without gaps.
    """
    table = table[table["lost"] == 0].sort_values(["agent", "frame"], kind="stable")
    _, lengths = gapless_runs(table["agent"].to_numpy(), table["frame"].to_numpy())
    table = table.assign(agent=np.repeat(np.arange(len(lengths)), lengths))
    annotated = table["generated"] == 0
    begun = annotated.groupby(table["agent"]).cummax()
    goes_on = annotated[::-1].groupby(table["agent"][::-1]).cummax()
    return table[begun & goes_on]
