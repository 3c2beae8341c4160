"""Recognises other distributions of the ETH/UCY recordings, and converts them to the usual one.

The usual one has a line ``frame<TAB>pedestrian<TAB>x<TAB>y`` for each observed point, with frames
10 apart (0.4 s). Others are the ``obsmat`` of the BIWI recordings, files with a fifth column, with
commas or spaces, with frames counted otherwise, and what spreadsheets and scripts leave: a byte
order mark, or frames that miss a whole number by rounding.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import numpy as np

FRAME_STEP = 10
"""Frames between two observed ones, in the usual distribution."""

ROUNDING = 1e-6
"""Distance from a whole number that rounding can explain."""

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

Distribution = tuple[np.ndarray, list[str]]
"""Rows (n, 4) of the usual columns, and in words what is unusual about the file."""


def recognised(path: Path) -> Distribution | None:
    """Reads a recording of any known distribution, or None if it is of none.

    The rows are frame, pedestrian, x and y in metres, in the order of the file; frames are whole
    and ``FRAME_STEP`` apart.
    """
    content = path.read_bytes()
    mark = next((mark for mark in MARKS if content.startswith(mark)), None)
    try:
        text = content.decode(MARKS[mark] if mark else "utf-8")
        table, notes = _table(text)
    except ValueError:  # no text of that encoding, or no table of numbers
        return None
    if mark is not None:
        notes.append("a byte order mark")
    whole = np.rint(table[:, :2])
    off = float(np.abs(table[:, :2] - whole).max())
    if not off < ROUNDING or not np.isfinite(table).all():
        return None
    if off > 0:
        notes.append(f"numbers of frames or pedestrians that are {off:.0e} off")
    table[:, :2] = whole
    return _with_usual_frames(table, notes)


def _table(text: str) -> Distribution:
    """Parses rows of 4, 5 or 8 numbers; keeps frame, pedestrian, x and y."""
    lines = [line for line in text.splitlines() if line.strip()]
    table = np.array([re.split(r"\s*[,;]\s*|\s+", line.strip()) for line in lines], np.float64)
    notes = []
    if any("," in line or ";" in line for line in lines):
        notes.append("commas between the columns")
    elif any("\t" not in line for line in lines):
        notes.append("spaces between the columns")
    width = table.shape[1] if table.ndim == 2 else 0
    if width == 4:
        return table, notes
    if width == 8:
        kept, what = [0, 1, 2, 4], "the 8 columns of an obsmat (frame, pedestrian, x, z, y, speeds)"
    elif width == 5:
        # a height is the same everywhere; any other fifth column is at the end
        flat = [at for at in (2, 3, 4) if np.ptp(table[:, at]) == 0]
        left_out = flat[0] if len(flat) == 1 else 4
        kept = [at for at in range(5) if at != left_out]
        what = f"5 columns, of which number {left_out + 1} is left out"
    else:
        raise ValueError(f"{width} columns")
    return table[:, kept], [what, *notes]


def _with_usual_frames(table: np.ndarray, notes: list[str]) -> Distribution | None:
    """Counts frames in steps of ``FRAME_STEP``; None if they have no even step."""
    frames = table[:, 0]
    order = np.lexsort((frames, table[:, 1]))
    same = np.diff(table[order, 1]) == 0
    steps = np.diff(frames[order])[same]
    if not len(steps):
        return table, notes
    step = float(np.median(steps))
    since = frames - frames.min()
    if step < 1 or step != steps[steps > 0].min() or (since % step).any():
        return None
    if step != FRAME_STEP:
        notes.append(f"frames {step:g} apart, which count as 0.4 s")
        table[:, 0] = since / step * FRAME_STEP
    return table, notes


def converted(path: Path) -> tuple[str, list[str]]:
    """Converts a recording to the text of the usual distribution; also says what was unusual.

    A pedestrian who is not seen for a while becomes two, as the protocol knows no gaps.

    Raises:
        ValueError: If the file is of no known distribution, or has two positions at once.
    """
    known = recognised(path)
    if known is None:
        raise ValueError(
            f"{path} is no known distribution of an ETH/UCY recording: rows of frame, pedestrian, "
            "x and y (4 columns), with one more (5), or an obsmat (8), all of them numbers, with "
            "frames an even step apart."
        )
    table, notes = known
    table = table[np.lexsort((table[:, 0], table[:, 1]))]
    same, steps = np.diff(table[:, 1]) == 0, np.diff(table[:, 0])
    if (same & (steps == 0)).any():
        frame, person = table[1:][same & (steps == 0)][0, :2]
        raise ValueError(
            f"{path} has two positions of pedestrian {person:g} at frame {frame:g}. Remove one."
        )
    begins = np.flatnonzero(np.concatenate([[True], ~same | (steps != FRAME_STEP)]))
    again = np.concatenate([[False], same[begins[1:] - 1]])
    if gaps := int(again.sum()):
        names = table[begins, 1]
        names[again] = names.max() + 1 + np.arange(gaps)
        table[:, 1] = np.repeat(names, np.diff(begins, append=len(table)))
        notes.append(f"{gaps} gaps in tracks, after which a pedestrian counts as a new one")
    rows = table[np.lexsort((table[:, 1], table[:, 0]))].tolist()
    lines = (f"{int(frame)}\t{int(person)}\t{x!r}\t{y!r}\n" for frame, person, x, y in rows)
    return "".join(lines), notes
