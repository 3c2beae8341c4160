"""Writes predictions to npz, npy or csv, batch by batch, complete or not at all."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np

from softsym.runs.files import replacing

Parts = Iterator[np.ndarray]


def write_predictions(path: Path, key: str, columns: Sequence[str], rows: int, parts: Parts) -> int:
    """Writes predictions as they come, so that the file and not the memory holds them.

    Args:
        path: The file; its ending decides the kind.
        key: Key in an npz, and beginning of the columns' names in a csv.
        columns: Names of the columns in a csv, used if there are as many as numbers.
        rows: Number of predictions in all parts.
        parts: Predictions (m, width), at least one part.

    Returns:
        The width.
    """
    first = next(parts)
    width = first.shape[1]
    names = list(columns)
    if len(names) != width:
        names = [key] if width == 1 else [f"{key}{i}" for i in range(width)]
    with replacing(path) as temporary:
        WRITERS[path.suffix.lower()](temporary, key, names, rows, chain([first], parts))
    return width


def _npz(path: Path, key: str, names: Sequence[str], rows: int, parts: Parts) -> None:
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open(f"{key}.npy", "w", force_zip64=True) as file,
    ):
        _write_array(file, rows, parts)


def _npy(path: Path, key: str, names: Sequence[str], rows: int, parts: Parts) -> None:
    with path.open("wb") as file:
        _write_array(file, rows, parts)


def _csv(path: Path, key: str, names: Sequence[str], rows: int, parts: Parts) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(names)
        for part in parts:
            # as many digits as the numbers have
            np.savetxt(file, part, "%.9g" if part.itemsize <= 4 else "%.17g", ",")


def _write_array(file: IO[bytes], rows: int, parts: Parts) -> None:
    """Writes a ``.npy`` file, whose header holds the shape of all parts together."""
    first = next(parts)
    header = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (rows, *first.shape[1:]),
    }
    np.lib.format.write_array_header_1_0(file, header)
    for part in chain([first], parts):
        file.write(part.tobytes())


WRITERS: dict[str, Callable[[Path, str, Sequence[str], int, Parts], None]] = {
    ".npz": _npz,
    ".npy": _npy,
    ".csv": _csv,
}
