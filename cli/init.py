"""``softsym init``: writes a small project of one's own to start from."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from softsym.cli.errors import reported
from softsym.runs.errors import UserError
from softsym.runs.files import write_atomically

CODE = ".txt"
"""Ends the names of the starter's Python files, which are text until a user has them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the project and says how to train it.

    Args:
        arguments: Those of the command line; the process's own if None.

    Raises:
        UserError: If a file of the project is there already.
    """
    folder = _parser().parse_args(arguments).folder
    written = write_project(folder)
    listed = "\n".join(f"  {path}" for path in written)
    place = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    sys.stdout.write(f"Wrote\n{listed}\n\nTrain it:  {place}softsym train experiment=first\n")


def write_project(folder: Path) -> list[Path]:
    """Writes an experiment, a network, a datamodule and a test into a folder.

    Args:
        folder: Made if it is not there; may hold other files.

    Returns:
        The files.

    Raises:
        UserError: If one of them is there already; nothing is written then.
    """
    with as_file(files("softsym.cli") / "starter") as starter:
        sources = sorted(path for path in starter.rglob("*") if path.is_file())
        targets = {
            folder / str(source.relative_to(starter)).removesuffix(CODE): source
            for source in sources
        }
        taken = [str(path) for path in targets if path.exists()]
        if taken:
            raise UserError(
                f"{taken[0]!r} is there already. Choose another folder: softsym init <folder>."
            )
        for path, source in targets.items():
            try:
                write_atomically(path, source.read_text(encoding="utf-8"))
            except OSError as error:
                raise UserError(f"{str(path)!r} cannot be written: {error.strerror}.") from None
    return list(targets)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="softsym init",
        description="Writes a small project to start from: an experiment, a network, a datamodule "
        "and a test.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), help="where to (default: this folder)"
    )
    return parser


if __name__ == "__main__":
    with reported(command="init"):
        main()
