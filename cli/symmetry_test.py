"""The command line of ``softsym test``: which symmetries a file of numbers has."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from softsym.cli.errors import reported
from softsym.runs.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from softsym.metrics import SymmetryTest

PAGE = "symmetry_test.html"


def main(arguments: Sequence[str] | None = None) -> None:
    """Tests the symmetries of a file, prints the table, and writes the page."""
    given = parser().parse_args(arguments)
    page = given.output if given.output.parent.is_dir() else None
    if page is None or page.is_dir():
        raise UserError(f"--output {str(given.output)!r} must name a file in a folder that exists.")
    x, y, clusters = _arrays(given)
    from softsym.metrics import symmetry_test  # noqa: PLC0415 (loads torch)

    groups = given.groups if given.groups in ("planes", "all") else split_names(given.groups)
    with _progress() as on_step:
        tested = symmetry_test(
            x.reshape(len(x), -1),
            y.reshape(len(y), -1),
            groups,
            given.rep_in,
            given.rep_out,
            clusters=clusters,
            level=given.level,
            tolerance=given.tolerance,
            noise=given.noise,
            seed=given.seed,
            folds=given.folds,
            seeds=given.seeds,
            on_step=on_step,
        )
    _publish(tested, given, page)


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(
        prog="softsym test",
        description="Tests which symmetries data have, how nearly, and how sure that is: "
        "p-values, and bounds of how far each is broken, from held-out samples.",
        epilog="Example: softsym test data.npz --rep-in 5T0+5T1 --rep-out T2 "
        '--groups "O(2)@xy,O(2)@yz"',
    )
    add = made.add_argument
    add("file", type=Path, help="npz, npy, csv, parquet, pt, safetensors or HDF5")
    add(
        "targets_file", type=Path, nargs="?", help="the targets, if they are in a file of their own"
    )
    add("--rep-in", required=True, metavar="TYPE", help="type of the inputs, such as 5T0+5T1")
    add("--rep-out", required=True, metavar="TYPE", help="type of the targets, such as T2")
    add(
        "--groups",
        required=True,
        metavar="NAMES",
        help="groups, separated by commas; planes; or all",
    )
    add(
        "--inputs",
        metavar="KEY",
        help="key, or columns separated by commas, or x_* (default: X or x)",
    )
    add("--targets", metavar="KEY", help="the same for the targets (default: Y or y)")
    add("--clusters", metavar="KEY", help="labels of samples that depend on each other")
    add("--level", type=float, default=0.05, help="chance of a false alarm (default: %(default)s)")
    add(
        "--tolerance",
        type=float,
        default=0.05,
        help="break at which a symmetry holds (default: %(default)s)",
    )
    add("--noise", type=float, help="standard deviation of the targets' noise, if it is known")
    add(
        "--folds",
        type=int,
        default=2,
        help="parts that are held out in turn (default: %(default)s)",
    )
    add(
        "--seeds",
        type=int,
        default=1,
        help="splits whose tests are pooled into one verdict (default: %(default)s)",
    )
    add("--seed", type=int, default=0, help="seed of the split (default: %(default)s)")
    add(
        "--output",
        type=Path,
        default=Path(PAGE),
        metavar="FILE",
        help="the page (default: %(default)s)",
    )
    add("--json", type=Path, metavar="FILE", help="also write the verdicts as json")
    return made


def split_names(text: str) -> list[str]:
    """Splits names of groups at the commas outside of their parentheses."""
    names, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            names.append("")
        else:
            names[-1] += letter
    return [name.strip() for name in names if name.strip()]


def _arrays(given: argparse.Namespace) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Inputs, targets and clusters from the files that the command line names."""
    from softsym.datamodules.array_files import INPUTS, TARGETS, choose, read_arrays  # noqa: PLC0415

    arrays = read_arrays(given.file)
    targets = arrays if given.targets_file is None else read_arrays(given.targets_file)
    apart = targets is not arrays
    # a file of one array needs no key
    of_inputs = tuple(arrays) if apart and len(arrays) == 1 else INPUTS
    of_targets = tuple(targets) if apart and len(targets) == 1 else TARGETS
    x = choose(arrays, given.inputs, of_inputs, "inputs")
    y = choose(targets, given.targets, of_targets, "targets")
    if given.clusters is None:
        return x, y, None
    return x, y, choose(arrays, given.clusters, (), "clusters", text=True)


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """Shows a bar on a terminal; yields what the test calls at each candidate."""
    from rich.progress import Progress  # noqa: PLC0415 (not needed for --help)

    with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("fitting predictors", total=1.0)
        yield lambda name, done: bar.update(task, description=f"testing {name}", completed=done)


def _publish(tested: SymmetryTest, given: argparse.Namespace, page: Path) -> None:
    from softsym.reporting.symmetry_test_page import write_symmetry_test  # noqa: PLC0415
    from softsym.runs.files import write_json  # noqa: PLC0415

    sys.stdout.write(f"{tested}\n\n{tested.sentence()}\n\n")
    write_symmetry_test(tested, page, given.file.name, (given.rep_in, given.rep_out))
    if given.json is not None:
        write_json(given.json, tested.to_dict())
    sys.stdout.write(f"Page: {page}\n")


if __name__ == "__main__":
    with reported(command="test"):
        main()
