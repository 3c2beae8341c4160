"""Reads and checks the eight raw ETH/UCY recordings.

Each line is one observed point, ``frame<TAB>pedestrian<TAB>x<TAB>y``; frames are 10 apart (0.4 s),
positions in metres.
"""

from __future__ import annotations

import io
import math
import shlex
from pathlib import Path

import numpy as np

from softsym.datamodules.motion.pedestrian_formats import FRAME_STEP, recognised

RECORDINGS = (
    "biwi_eth",
    "biwi_hotel",
    "crowds_zara01",
    "crowds_zara02",
    "crowds_zara03",
    "students001",
    "students003",
    "uni_examples",
)
COLUMNS = ("frame", "pedestrian", "x", "y")

LAYOUT = (
    "The eight files "
    + ", ".join(f"{name}.txt" for name in RECORDINGS)
    + " belong into one folder. Each line is frame, pedestrian, x and y, separated by tabs: frames "
    f"increase in steps of {FRAME_STEP} (0.4 s), positions are in metres."
)
SOURCE = (
    "They are the ETH BIWI Walking Pedestrians and UCY Crowds recordings in the text form of "
    "Social GAN and trajdata. trajdata's DATASETS.md (https://github.com/NVlabs/trajdata) names "
    "the copy it expects: the folder experiments/pedestrians/raw/raw/all_data of "
    "https://github.com/StanfordASL/Trajectron-plus-plus."
)


def check_recordings(folder: Path) -> None:
    """Checks that all recordings are sound and have tracks to train and to validate on.

    Without either, trajdata fails without a reason; the usual cause is a truncated file.
    """
    from trajdata.dataset_specific.eth_ucy_peds.eupeds_dataset import (  # noqa: PLC0415
        TRAINVAL_FRAME_SPLITS,
    )

    for name in RECORDINGS:
        path = folder / f"{name}.txt"
        table = read_recording(path)
        frames = (table[:, 0] - table[:, 0].min()) // FRAME_STEP
        split = TRAINVAL_FRAME_SPLITS[name]
        for where, inside in (("before", frames < split), ("from", frames >= split)):
            _, lengths = np.unique(table[inside, 1], return_counts=True)
            if lengths.max(initial=0) < 2:
                raise ValueError(
                    f"{path} has {int(frames.max()) + 1} frames, and no "
                    f"pedestrian is seen twice {where} frame number {split}, where trajdata "
                    "separates training from validation. The file seems truncated: fetch it again."
                )


def read_recording(path: Path) -> np.ndarray:
    """Reads and checks a recording, float64 (rows, 4): frame, pedestrian, x and y in metres.

    Raises:
        ValueError: If the file is damaged, or another distribution of the recording.
    """
    try:
        return _read_usual(path)
    except ValueError:
        known = recognised(path)
        if known is None or not known[1]:
            raise
    source, target = (shlex.quote(f"{path.parent}{end}") for end in ("", "-converted"))
    raise ValueError(
        f"{path} is another distribution of the recording, with {'; '.join(known[1])}. Convert the "
        f"files to the usual one: softsym convert {source} {target}"
    )


def _read_usual(path: Path) -> np.ndarray:
    text = path.read_bytes().decode("utf-8", errors="replace")
    if not text.strip():
        raise ValueError(f"{path} is empty. {LAYOUT} Fetch the file again.")
    try:
        table = np.loadtxt(io.StringIO(text), delimiter="\t", comments=None, ndmin=2)
    except ValueError as error:
        raise _line_error(path, *_first_fault(text, str(error))) from None
    if table.shape[1] != len(COLUMNS) or not np.isfinite(table).all():
        raise _line_error(path, *_first_fault(text, "is not a table of 4 finite columns"))
    if not text.endswith("\n"):
        # A truncated number is still a number, so only the missing line end reveals the truncation.
        raise _line_error(
            path,
            text.count("\n") + 1,
            "does not end in a newline, so the file seems truncated (append the newline if it is "
            "complete)",
        )
    _check_tracks(path, text, table)
    return table


def _line_error(path: Path, line: int, what: str) -> ValueError:
    return ValueError(
        f"{path}, line {line} {what}. Fetch the file again or repair that line. A line is frame, "
        "pedestrian, x and y, separated by tabs."
    )


def _first_fault(text: str, otherwise: str) -> tuple[int, str]:
    """Finds the first bad line and its fault by parsing line by line, which is slow."""
    for number, line in enumerate(text.splitlines(), start=1):
        what = _line_fault(line) if line.strip() else None
        if what is not None:
            return number, what
    return 1, f"or a later line cannot be read ({otherwise})"


def _line_fault(line: str) -> str | None:
    words = line.split("\t")
    if len(words) != len(COLUMNS):
        return f"has {len(words)} tab-separated columns, not {len(COLUMNS)}: {_shortened(line)}"
    for column, word in zip(COLUMNS, words, strict=True):
        try:
            value = float(word)
        except ValueError:
            return f"has {_shortened(word)} in column {column!r}, not a number"
        if not math.isfinite(value):
            return f"has {_shortened(word)} in column {column!r}, not a finite number"
    return None


def _shortened(text: str, width: int = 60) -> str:
    return repr(text if len(text) <= width else text[:width] + "...")


def _check_tracks(path: Path, text: str, table: np.ndarray) -> None:
    """Checks that frames are 10 apart and no pedestrian has a gap or a repetition."""
    frames, people = table[:, 0], table[:, 1]
    fractional = (people != np.floor(people)) | ((frames - frames.min()) % FRAME_STEP != 0)
    if fractional.any():
        row = int(np.argmax(fractional))
        raise _line_error(
            path,
            _line_of_row(text, row),
            f"has frame {frames[row]:g} of pedestrian {people[row]:g}, but frames count from the "
            f"first in steps of {FRAME_STEP} and pedestrians have whole numbers",
        )
    # Within each pedestrian consecutive rows must be one step apart, whatever their order.
    order = np.lexsort((frames, people))
    steps, same = np.diff(frames[order]), np.diff(people[order]) == 0
    broken = same & (steps != FRAME_STEP)
    if broken.any():
        at = int(np.argmax(broken))
        row = int(order[at + 1])
        raise _line_error(
            path,
            _line_of_row(text, row),
            f"is {steps[at]:g} frames after the previous line of pedestrian {people[row]:g}, not "
            f"{FRAME_STEP}: a line was lost or written twice",
        )


def _line_of_row(text: str, row: int) -> int:
    """Returns the line number of a row of the table; blank lines are not rows."""
    numbers = [number for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return numbers[row]
