"""``softsym convert``: turns other distributions of ETH/UCY recordings into the usual one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from softsym.cli.errors import reported
from softsym.datamodules.motion.pedestrian_files import RECORDINGS
from softsym.datamodules.motion.pedestrian_formats import converted
from softsym.runs.errors import UserError
from softsym.runs.files import write_atomically


def main(arguments: Sequence[str] | None = None) -> None:
    """Converts a file, or the recordings of a folder, and says what was unusual about each.

    Args:
        arguments: Those of the command line; the process's own if None.

    Raises:
        UserError: If there is nothing to convert, a target exists, or a file is of no known kind.
    """
    given = _parser().parse_args(arguments)
    for source, target in _pairs(given.source, given.target):
        try:
            text, notes = converted(source)
            if target.exists():
                raise UserError(f"{target} exists. Remove it, or name another target.")
            write_atomically(target, text)
        except (ValueError, OSError) as error:
            raise UserError(str(error)) from error
        sys.stdout.write(f"{target}: {'; '.join(notes) or 'nothing unusual'}\n")


def _pairs(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Lists what becomes what."""
    if not source.is_dir():
        if not source.is_file():
            raise UserError(f"There is no file or folder {str(source)!r} to convert.")
        return [(source, target / source.name if target.is_dir() else target)]
    names = [f"{name}.txt" for name in RECORDINGS if (source / f"{name}.txt").is_file()]
    if not names:
        raise UserError(
            f"The folder {str(source)!r} has none of {', '.join(RECORDINGS)} (.txt). Name a single "
            "file as the source and one of these as the target."
        )
    return [(source / name, target / name) for name in names]


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="softsym convert",
        description="Converts ETH/UCY recordings of other distributions to lines of frame, "
        "pedestrian, x and y, separated by tabs, with frames 10 apart (0.4 s): obsmat files of 8 "
        "columns, 5 columns, commas or spaces, other steps of frames, byte order marks.",
        epilog="Example: softsym convert seq_eth/obsmat.txt data/eth_ucy/biwi_eth.txt",
    )
    made.add_argument("source", type=Path, metavar="SOURCE", help="a file, or a folder of them")
    made.add_argument("target", type=Path, metavar="TARGET", help="the file or folder to write")
    return made


if __name__ == "__main__":
    with reported():
        main()
