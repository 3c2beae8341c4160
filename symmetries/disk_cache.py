"""Bases kept on disk, for those who ask: solved once, read by every later process.

Files are named by the identity of the group, the type and the version of this package, written to
a temporary name and then renamed, so that a reader sees a whole file or none. Two processes that
solve the same at once write the same.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor

from softsym import __version__
from softsym.symmetries.group import Group
from softsym.symmetries.representations import T

log = logging.getLogger(__name__)

SOLVER = 1
"""Raised when bases are solved in another way, so that none of the old ones is read."""

_folder: Path | None = None


def cache_bases(folder: str | Path | None) -> None:
    """Keeps every basis T(p, q) that is solved from now on in a folder, and looks there first.

    What is read is checked as what is solved; a damaged file is solved again and replaced.

    Args:
        folder: Made if need be; None ends it.

    Raises:
        ValueError: If the folder cannot be made or written to.
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
    _folder = path


def load(G: Group, tensor: T) -> Tensor | None:
    """The basis on disk; None if there is no folder, no file, or none that can be read."""
    if _folder is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kept = torch.load(_path(_folder, G, tensor), weights_only=True)
        return _checked(kept["basis"], kept["rank"], tensor.size(G.space))
    except Exception:  # a damaged file fails in as many ways as there are bytes
        return None


def _checked(basis: Tensor, rank: int, size: int) -> Tensor | None:
    """The basis, if it is as it was written; its constraints are checked by the solver."""
    if basis.dtype != torch.float64 or basis.shape != (size, rank):
        return None
    one = torch.eye(rank, dtype=torch.float64)
    return basis if torch.allclose(basis.T @ basis, one, atol=1e-9) else None


def store(G: Group, tensor: T, basis: Tensor) -> None:
    """Writes a basis, if there is a folder; a full or lost disk is a warning and no more."""
    if _folder is None:
        return
    try:
        _write(_folder, G, tensor, basis)
    except OSError as error:
        log.warning("The basis of %s under %s could not be kept: %s.", tensor, G, error)


def _write(folder: Path, G: Group, tensor: T, basis: Tensor) -> None:
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save({"basis": basis.clone(), "rank": basis.shape[1]}, file)
        Path(temporary).replace(_path(folder, G, tensor))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _path(folder: Path, G: Group, tensor: T) -> Path:

    return folder / f"{G.identity[:40]}-T{tensor.p}-{tensor.q}-{__version__}-{SOLVER}.pt"
