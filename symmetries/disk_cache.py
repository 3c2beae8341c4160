"""Optionally keeps bases on disk: solved once, read by every later process.

Files are named by the identity of the group, the type and the version of this package. They are
written under a temporary name and then renamed: a reader sees a whole file or none, and processes
that solve for the same basis at once write the same file.
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
"""Raised when bases are solved in another way, so that no older file is read."""

_folder: Path | None = None


def cache_bases(folder: str | Path | None) -> None:
    """Keeps every basis of a T(p, q) that is solved from now on in a folder, and reads it there.

    Bases from disk pass the same check as solutions; a damaged file is solved again and replaced.

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
    _folder = path


def load(G: Group, tensor: T) -> Tensor | None:
    """The basis on disk; None if there is no folder, no file, or none that can be read."""
    if _folder is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = torch.load(_path(_folder, G, tensor), weights_only=True)
        return _intact(stored["basis"], stored["rank"], tensor.size(G.space))
    except Exception:  # damaged files raise almost any exception, whichever byte is wrong
        return None


def _intact(basis: Tensor, rank: int, size: int) -> Tensor | None:
    """The basis if it is as it was written; the solver checks its constraints.

    The rank is stored beside the basis because a basis that lost columns satisfies them all.
    """
    if basis.dtype != torch.float64 or basis.shape != (size, rank):
        return None
    one = torch.eye(rank, dtype=torch.float64)
    return basis if torch.allclose(basis.T @ basis, one, atol=1e-9) else None


def store(G: Group, tensor: T, basis: Tensor) -> None:
    """Writes a basis if there is a folder; a full or lost disk only causes a warning."""
    if _folder is None:
        return
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=_folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            # torch.save writes the whole storage of a view: clone keeps the file small
            torch.save({"basis": basis.clone(), "rank": basis.shape[1]}, file)
        Path(temporary).replace(_path(_folder, G, tensor))
    except OSError as error:
        log.warning("The basis of %s under %s could not be kept: %s.", tensor, G, error)
    finally:
        if temporary is not None:  # gone already if it was renamed
            Path(temporary).unlink(missing_ok=True)


def _path(folder: Path, G: Group, tensor: T) -> Path:
    return folder / f"{G.identity[:40]}-T{tensor.p}-{tensor.q}-{__version__}-{SOLVER}.pt"
