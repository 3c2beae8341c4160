"""A cache of arrays and one of bases to damage, and what is then read from them.

``DAMAGED_FILES`` and ``DAMAGED_FOLDERS`` are the table of damages: add a line. :class:`ArrayCache`
and :class:`BasisCache` make a cache in an empty folder; ``read()`` reads it as a new process would
and answers ``right`` (untouched), ``rebuilt`` (said in one line, and right again), ``refused`` (an
error that says what to delete or choose) or ``wrong`` with the reason.
"""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from softsym.datamodules.array_store import INDEX, ArrayWriter, cached_arrays
from softsym.symmetries import O, T, cache_bases, equivariant_basis, solver

Damage = Callable[[Path], object]

RIGHT, REBUILT, REFUSED, WRONG = "right", "rebuilt", "refused", "wrong"


def flipped(path: Path, bit: int) -> None:
    """Flips one bit of a file, counted from its beginning."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(content))


def replaced(make: Damage) -> Damage:
    """Makes something else of the same name."""

    def damage(path: Path) -> None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        make(path)

    return damage


def npy_of_objects(path: Path) -> None:
    """An array that numpy would read by unpickling, and a memory map as addresses."""
    np.lib.format.write_array_header_1_0(
        file := io.BytesIO(), {"descr": "|O", "fortran_order": False, "shape": (8, 3)}
    )
    path.write_bytes(file.getvalue() + b"A" * 8 * 24)


DAMAGED_FILES: dict[str, Damage] = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "halved": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"0"),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "text": lambda path: path.write_text("no array"),
    "over-deep": lambda path: path.write_text("[" * 100_000),
    "a long number": lambda path: path.write_text('{"key": ' + "9" * 5000 + "}"),
    "objects": npy_of_objects,
    "first bit": lambda path: flipped(path, 0),
    "a bit of the header": lambda path: flipped(path, 8 * 40 + 1),
    "last bit": lambda path: flipped(path, 8 * path.stat().st_size - 1),
    "a folder": replaced(lambda path: path.mkdir()),
    "a pipe": replaced(os.mkfifo),
    "a link to nothing": replaced(lambda path: path.symlink_to("nothing")),
    "a link to itself": replaced(lambda path: path.symlink_to(path.name)),
    "an endless device": replaced(lambda path: path.symlink_to("/dev/zero")),
}

DAMAGED_FOLDERS: dict[str, Damage] = {
    "an empty folder": replaced(lambda path: path.mkdir()),
    "a file": replaced(lambda path: path.write_text("mine")),
    "a pipe": replaced(os.mkfifo),
    "a link to nothing": replaced(lambda path: path.symlink_to("nothing")),
    "a link to itself": replaced(lambda path: path.symlink_to(path.name)),
    "a link to a file": replaced(lambda path: path.symlink_to("/etc/hostname")),
    "a link to another folder": replaced(lambda path: path.symlink_to("/")),
}


class _Heard(logging.Handler):
    """Collects the warnings of a block."""

    def __enter__(self) -> list[str]:
        self.lines: list[str] = []
        self.setLevel(logging.WARNING)
        logging.getLogger("softsym").addHandler(self)
        return self.lines

    def __exit__(self, *_: object) -> None:
        logging.getLogger("softsym").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def judged(read: Callable[[], bool], built: Callable[[], bool]) -> str:
    """Reads a cache: ``read`` tells whether the values are right, ``built`` whether made anew."""
    with _Heard() as lines:
        try:
            if not read():
                return f"{WRONG}: other values"
        except (OSError, ValueError) as error:
            told = any(word in str(error) for word in ("Delete", "delete", "choose", "Choose"))
            return REFUSED if told else f"{WRONG}: {error!r}"
        except Exception as error:
            return f"{WRONG}: {error!r}"
    if not built():
        return RIGHT if not lines else f"{WRONG}: {lines}"
    said = len(lines) == 1 and "\n" not in lines[0]
    return REBUILT if said else f"{WRONG}: rebuilt with {len(lines)} lines"


class ArrayCache:
    """A cache of three arrays, of which one is empty."""

    ARRAYS: ClassVar = {
        "points": np.arange(24, dtype=np.float32).reshape(8, 3),
        "numbers": np.arange(5),
        "none": np.zeros((0, 4)),
    }

    def __init__(self, folder: Path) -> None:
        self.folder, self.result = folder, folder / "thing-k"
        self.builds = 0
        self._arrays()

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.result.iterdir() if path.is_file())

    def read(self) -> str:
        before = self.builds
        return judged(self._is_right, lambda: self.builds > before)

    def _is_right(self) -> bool:
        arrays = self._arrays()
        return arrays.keys() == self.ARRAYS.keys() and all(
            values.dtype == arrays[name].dtype and np.array_equal(values, arrays[name])
            for name, values in self.ARRAYS.items()
        )

    def _arrays(self) -> dict[str, np.ndarray]:
        return cached_arrays(self.folder, "thing", "k", self._build)

    def _build(self, writer: ArrayWriter) -> None:
        self.builds += 1
        for name, values in self.ARRAYS.items():
            writer.append(name, values)


class BasisCache:
    """A cache of one basis, of O(3) on tensors of rank 4."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.basis = self._solved()

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.pt"))

    def read(self) -> str:
        solve, solved = solver._invariants, []
        solver._invariants = lambda *given: solved.append(given) or solve(*given)
        try:
            return judged(lambda: torch.equal(self._solved(), self.basis), lambda: bool(solved))
        finally:
            solver._invariants = solve

    def _solved(self) -> torch.Tensor:
        solver._solve.cache_clear()
        cache_bases(self.folder)
        try:
            return equivariant_basis(O(3), T(4))
        finally:
            cache_bases(None)
            solver._solve.cache_clear()


def without_entry(path: Path, name: str = "none") -> None:
    """Drops an array from an index."""
    index = json.loads((path / INDEX).read_text())
    del index["checksums"][name]
    (path / INDEX).write_text(json.dumps(index))
