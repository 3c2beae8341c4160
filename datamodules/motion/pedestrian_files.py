"""Checks the eight raw ETH/UCY recordings before anything is computed from them.

Each file holds one observed point per line, ``frame<TAB>pedestrian<TAB>x<TAB>y``, with frames 10
apart (0.4 s) and positions in metres.
"""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np

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
FRAME_STEP = 10

LAYOUT = (
    "The eight files "
    + ", ".join(f"{name}.txt" for name in RECORDINGS)
    + " lie side by side in one folder. Each line is frame, pedestrian, x and y, separated by "
    f"tabs: frames count up in steps of {FRAME_STEP} (0.4 s), positions are in metres."
)
SOURCE = (
    "They are the ETH BIWI Walking Pedestrians and UCY Crowds recordings in the text form of "
    "Social GAN and trajdata. trajdata's DATASETS.md (https://github.com/NVlabs/trajdata) names "
    "the copy that it expects: the folder experiments/pedestrians/raw/raw/all_data of "
    "https://github.com/StanfordASL/Trajectron-plus-plus."
)


def recording_path(folder: Path, name: str) -> Path:
    """Where the recording ``name`` lies in ``folder``."""
    return folder / f"{name}.txt"


def check_present(folder: Path) -> None:
    """Raises if the folder or one of its eight files is missing.

    Args:
        folder: Folder of the raw files.

    Raises:
        FileNotFoundError: Names what is missing, what belongs there and where to get it.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"The ETH/UCY folder {str(folder)!r} does not exist. {LAYOUT} {SOURCE}"
        )
    missing = [f"{name}.txt" for name in RECORDINGS if not recording_path(folder, name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"The ETH/UCY folder {str(folder)!r} lacks {', '.join(missing)}. {LAYOUT} {SOURCE}"
        )


def read_recordings(folder: Path) -> dict[str, np.ndarray]:
    """Reads and checks all recordings.

    Args:
        folder: Folder of the raw files.

    Returns:
        For each recording float64 (rows, 4): frame, pedestrian, x in metres, y in metres.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is damaged; names the file and the line.
    """
    check_present(folder)
    return {name: read_recording(recording_path(folder, name)) for name in RECORDINGS}


def check_recordings(folder: Path) -> None:
    """Checks that all recordings can be read, and reach beyond the frame that parts them.

    trajdata fails without saying why on a recording that has nothing to train or to validate on,
    of which a file cut short is the usual cause.

    Args:
        folder: Folder of the raw files.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is damaged or too short; names the file.
    """
    from trajdata.dataset_specific.eth_ucy_peds.eupeds_dataset import (  # noqa: PLC0415
        TRAINVAL_FRAME_SPLITS,
    )

    for name, table in read_recordings(folder).items():
        frames = (table[:, 0] - table[:, 0].min()) // FRAME_STEP
        split = TRAINVAL_FRAME_SPLITS[name]
        for where, inside in (("before", frames < split), ("from", frames >= split)):
            _, lengths = np.unique(table[inside, 1], return_counts=True)
            if lengths.max(initial=0) < 2:
                raise ValueError(
                    f"{recording_path(folder, name)} has {int(frames.max()) + 1} frames, and no "
                    f"pedestrian is seen twice {where} frame number {split}, where trajdata parts "
                    "training from validation. The file seems cut short: fetch it again."
                )


def read_recording(path: Path) -> np.ndarray:
    """Reads and checks one recording.

    Args:
        path: The text file.

    Returns:
        float64 (rows, 4): frame, pedestrian, x in metres, y in metres.

    Raises:
        ValueError: If the file is empty or truncated, has text where numbers belong, or tracks
            with gaps; names the file and the line.
    """
    text = path.read_bytes().decode("utf-8", errors="replace")
    if not text.strip():
        raise ValueError(f"{path} is empty. {LAYOUT} Fetch the file again.")
    try:
        table = np.loadtxt(io.StringIO(text), delimiter="\t", comments=None, ndmin=2)
    except ValueError as error:
        raise _fault(path, *_first_fault(text, str(error))) from None
    if table.shape[1] != len(COLUMNS) or not np.isfinite(table).all():
        raise _fault(path, *_first_fault(text, "is not a table of 4 finite columns"))
    if not text.endswith("\n"):
        # A number cut in the middle is still a number: only the missing line end shows it.
        raise _fault(
            path,
            text.count("\n") + 1,
            "is not ended by a newline, so the file looks truncated (a complete file lacks only "
            "that newline)",
        )
    _check_tracks(path, text, table)
    return table


def _fault(path: Path, line: int, what: str) -> ValueError:
    return ValueError(
        f"{path}, line {line} {what}. Fetch the file again or repair that line. A line is frame, "
        "pedestrian, x and y, separated by tabs."
    )


def _first_fault(text: str, otherwise: str) -> tuple[int, str]:
    """The number of the first bad line and what is wrong with it (the slow way, line by line)."""
    for number, line in enumerate(text.splitlines(), start=1):
        what = _line_fault(line) if line.strip() else None
        if what is not None:
            return number, what
    return 1, f"or a later one cannot be read ({otherwise})"


def _line_fault(line: str) -> str | None:
    words = line.split("\t")
    if len(words) != len(COLUMNS):
        return f"has {len(words)} tab-separated columns where {len(COLUMNS)} belong: {_shown(line)}"
    for column, word in zip(COLUMNS, words, strict=True):
        try:
            value = float(word)
        except ValueError:
            return f"has {_shown(word)} in column {column!r}, where a number belongs"
        if not math.isfinite(value):
            return f"has {_shown(word)} in column {column!r}, where a finite number belongs"
    return None


def _shown(text: str, width: int = 60) -> str:
    return repr(text if len(text) <= width else text[:width] + "...")


def _check_tracks(path: Path, text: str, table: np.ndarray) -> None:
    """Raises unless frames are 10 apart and every pedestrian is seen without gap or repetition."""
    frames, people = table[:, 0], table[:, 1]
    fractional = (people != np.floor(people)) | ((frames - frames.min()) % FRAME_STEP != 0)
    if fractional.any():
        row = int(np.argmax(fractional))
        raise _fault(
            path,
            _line_of_row(text, row),
            f"has frame {frames[row]:g} of pedestrian {people[row]:g}, but frames count from the "
            f"first in steps of {FRAME_STEP} and pedestrians have whole numbers",
        )
    order = np.lexsort((frames, people))
    steps, same = np.diff(frames[order]), np.diff(people[order]) == 0
    broken = same & (steps != FRAME_STEP)
    if broken.any():
        at = int(np.argmax(broken))
        row = int(order[at + 1])
        raise _fault(
            path,
            _line_of_row(text, row),
            f"is {steps[at]:g} frames after the line before of pedestrian {people[row]:g}, where "
            f"{FRAME_STEP} belong: a line was lost or written twice",
        )


def _line_of_row(text: str, row: int) -> int:
    """Line number of a row of the table; blank lines are no rows."""
    numbers = [number for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return numbers[row]
