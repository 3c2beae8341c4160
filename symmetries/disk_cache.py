"""Optionally keeps bases on disk: solved once, read by every later process.

Files are named by the identity of the group, the type and the version of this package. They are
written under a temporary name and then renamed: a reader sees a whole file or none, and processes
that solve for the same basis at once write the same file.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import uuid
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from softsym import __version__
from softsym.symmetries.cache_folders import warn_of_other_writers
from softsym.symmetries.group import Group
from softsym.symmetries.representations import T

if sys.platform != "win32":
    import fcntl

log = logging.getLogger(__name__)

SOLVER = 2
"""Raised when bases are solved in another way, so that no older file is read."""

UNFINISHED = ".part"
"""Ending of files that are being written; their writer holds a lock on them."""

LARGEST_HEAD = 1 << 16
"""Bytes of a file beside the numbers of its basis, at most."""

_folder: Path | None = None


def cache_bases(folder: str | Path | None) -> None:
    """Keeps every basis of a T(p, q) that is solved from now on in a folder, and reads it there.

    A basis from disk must be the one that was written, by its checksum, satisfy every constraint
    and span all solutions, by a random probe. Otherwise it is solved again and replaced, and the
    log says so; it also warns of a folder that other users can write. What killed processes left
    there is removed.

    Args:
        folder: Created if it does not exist; None switches the cache off.

    Raises:
        ValueError: If the folder cannot be created or written to.
    """
    global _folder  # noqa: PLW0603 (one switch for the process, as of torch's own caches)
    if folder is not None and not isinstance(folder, str | os.PathLike):
        raise ValueError(f"Bases are kept in a folder, given by its path; got {folder!r}.")
    path = None if folder is None else Path(folder).expanduser()
    if path is not None:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"Bases cannot be kept in {str(path)!r}: {error.strerror}.") from None
        if not os.access(path, os.W_OK):
            raise ValueError(f"Bases cannot be kept in {str(path)!r}: it is not writable.")
        _clear_unfinished(path)
        warn_of_other_writers(path)
    _folder = path


def load(G: Group, tensor: T) -> Tensor | None:
    """The basis on disk; None if there is no folder, no file, or a damaged one.

    The solver checks what a checksum cannot: that the basis is one of this group and complete.
    """
    if _folder is None or not os.path.lexists(path := _path(_folder, G, tensor)):
        return None
    try:
        # opening a pipe would wait for ever, and a huge file fill the memory
        if not path.is_file() or path.stat().st_size > 8 * tensor.size(G.space) ** 2 + LARGEST_HEAD:
            raise ValueError("no file of this size was written")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = torch.load(path, weights_only=True)
        basis: Tensor = stored["basis"]
        if stored["checksum"] != _checksum(path, basis):
            raise ValueError("its checksum is wrong")
        return _intact(basis, tensor.size(G.space))
    except Exception as error:  # damage raises almost any exception, whichever byte is wrong
        reject(G, tensor, f"is damaged ({str(error).partition(chr(10))[0] or 'unreadable'})")
        return None


def reject(G: Group, tensor: T, why: str) -> None:
    """Says in one line that the basis on disk is solved again."""
    if _folder is not None:
        path = _path(_folder, G, tensor)
        log.warning("The basis of %s under %s in %s %s; it is solved again.", tensor, G, path, why)


def _intact(basis: Tensor, size: int) -> Tensor:
    """Returns the basis if its columns (size, r) are orthonormal."""
    if basis.dtype != torch.float64 or basis.ndim != 2 or len(basis) != size:
        raise ValueError(f"it holds {basis.dtype} of shape {tuple(basis.shape)}")
    one = torch.eye(basis.shape[1], dtype=torch.float64)
    if not torch.allclose(basis.T @ basis, one, atol=1e-9):
        raise ValueError("its columns are not orthonormal")
    return basis


def _checksum(path: Path, basis: Tensor) -> str:
    """Identifies a basis and the place where it belongs, so that no file passes for another."""
    content = basis.contiguous().numpy().tobytes()
    return hashlib.sha256(repr((path.name, basis.shape)).encode() + content).hexdigest()


def store(G: Group, tensor: T, basis: Tensor) -> None:
    """Writes a basis if there is a folder; a full or lost disk only causes a warning."""
    if _folder is None:
        return
    path = _path(_folder, G, tensor)
    unfinished = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:12]}{UNFINISHED}")
    try:
        # torch.save writes the whole storage of a view: clone keeps the file small
        content = {"basis": basis.clone(), "checksum": _checksum(path, basis)}
        with unfinished.open("xb") as file:
            _lock(file)
            torch.save(content, file)
        if path.is_dir() and not path.is_symlink():  # which no file can replace
            shutil.rmtree(path)
        unfinished.replace(path)
    except OSError as error:
        log.warning("The basis of %s under %s could not be kept: %s.", tensor, G, error)
    finally:
        with suppress(OSError):  # the file was renamed, or the folder is gone
            unfinished.unlink(missing_ok=True)


def _clear_unfinished(folder: Path) -> None:
    """Removes the files that no living process is writing."""
    for leftover in folder.glob(f"*{UNFINISHED}"):
        # another user's, or being written: BlockingIOError is an OSError as well
        with suppress(OSError), leftover.open("r+b") as file:
            _lock(file)
            leftover.unlink()


def _lock(file: IO[Any]) -> None:
    """Locks an open file until it is closed, in whatever way its process ends."""
    if sys.platform != "win32":  # which refuses to remove open files, with or without a lock
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _path(folder: Path, G: Group, tensor: T) -> Path:
    return folder / f"{G.identity[:40]}-T{tensor.p}-{tensor.q}-{__version__}-{SOLVER}.pt"
