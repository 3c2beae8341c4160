"""Verifies checkpoints, which are zip archives of PyTorch, without loading them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from softsym.runs.errors import UserError

REMEDY = (
    "Put back a copy of it, or name another checkpoint: ckpt_path=<file> to resume, "
    "init_from=<file> to start from its weights, test_model=last to test the last model."
)


def verify_archive(path: Path) -> None:
    """Compares all that a checkpoint holds with the archive's own checksums.

    PyTorch does not: a flipped bit gives other weights and no error.

    Raises:
        UserError: If the file is missing, damaged or no checkpoint.
    """
    if not path.exists():
        raise UserError(f"There is no checkpoint {str(path)!r}. {REMEDY}")
    problem = _problem(path)
    if problem:
        raise UserError(f"The checkpoint {str(path)!r} {problem}. {REMEDY}")


def _problem(path: Path) -> str | None:
    """What is wrong with the file, as the end of a sentence; None if nothing is."""
    if not path.is_file():
        return "is no plain file"
    try:
        if not zipfile.is_zipfile(path):
            return "is damaged, or no checkpoint of PyTorch"
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if not any(entry.filename.endswith("/data.pkl") for entry in entries):
                return "is an archive of another kind"
            # PyTorch compresses nothing: an archive that would grow on reading is not from it
            if sum(entry.file_size for entry in entries) > path.stat().st_size:
                return "stands for more bytes than it holds"
            damaged = archive.testzip()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except Exception as error:
        # a flipped bit in a header ends in errors of many kinds, as of encryption or compression
        return f"is damaged ({error})"
    return None if damaged is None else f"is damaged (the checksum of {damaged!r} differs)"
