"""The command line of ``softsym predict``: new samples through the model of a run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softsym.cli.errors import reported
from softsym.cli.places import writable_file
from softsym.cli.run_config import add_trust, data_settings, run_config
from softsym.runs.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from softsym.cli.trained import TrainedModel

OUTPUT = Path("predictions.npz")
KINDS = (".npz", ".npy", ".csv")
BATCH = 4096


def main(arguments: Sequence[str] | None = None) -> None:
    """Predicts the samples of a file and writes the predictions in the units of the targets."""
    given = parser().parse_args(arguments)
    data = data_settings(run_config(given.run))
    _require_sensible(given)
    from softsym.cli.prediction_files import write_predictions  # noqa: PLC0415 (loads numpy)
    from softsym.cli.trained import load  # noqa: PLC0415 (loads torch)

    x = _inputs(given, data)
    model = load(given.run, trusted=given.trust)
    if model.size_in not in (None, x.shape[1]):
        of = f", of type {model.rep_in}" if model.rep_in is not None else ""
        raise UserError(
            f"{str(given.file)!r}: the inputs have {x.shape[1]} columns, but the model in "
            f"{str(given.run)!r} takes {model.size_in}{of}. Name the inputs with --inputs."
        )
    try:
        model.network.to(given.device)
    except (RuntimeError, AssertionError) as error:  # no such device, or none on this machine
        raise UserError(f"--device {given.device}: {str(error).splitlines()[0]}") from None
    key = _key(data)
    parts = _parts(model, x, given)
    columns = model.class_names or _columns(data)
    width = write_predictions(given.output, key, columns, len(x), parts)
    sys.stdout.write(f"Wrote {len(x):,} predictions of {width} numbers to {given.output}\n")


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(
        prog="softsym predict",
        description="Predicts new samples with the model of a run, in the units of its targets.",
        epilog="Example: softsym predict outputs/arrays/1 new.npz --output predictions.csv",
    )
    add = made.add_argument
    add("run", type=Path, metavar="RUN", help="the run folder")
    add("file", type=Path, metavar="FILE", help="npz, npy, csv, parquet, pt, safetensors or HDF5")
    add(
        "--inputs",
        metavar="KEY",
        help="key, or columns separated by commas, or x_* (default: as in the run, else X or x)",
    )
    add(
        "--output",
        type=Path,
        default=OUTPUT,
        metavar="FILE",
        help="npz, npy or csv (default: %(default)s)",
    )
    add(
        "--batch-size",
        type=int,
        default=BATCH,
        metavar="N",
        help="samples in memory at once (default: %(default)s)",
    )
    add("--device", default="cpu", help="where the network computes (default: %(default)s)")
    add_trust(made)
    return made


def _require_sensible(given: argparse.Namespace) -> None:
    """Raises a UserError if files cannot be what they should; reads nothing."""
    if not given.file.is_file():
        raise UserError(f"There is no file {str(given.file)!r} to predict from.")
    if given.output.suffix.lower() not in KINDS:
        raise UserError(
            f"--output {str(given.output)!r} is of an unknown kind; give one of {', '.join(KINDS)}."
        )
    writable_file(given.output, "The file", given.output / OUTPUT)
    if given.batch_size < 1:
        raise UserError(f"--batch-size must be at least 1; got {given.batch_size}.")


def _inputs(given: argparse.Namespace, data: dict[str, Any]) -> np.ndarray:
    """The inputs (n, size in) of all samples, of the file's own type."""
    from softsym.datamodules.array_files import (  # noqa: PLC0415 (loads numpy)
        INPUTS,
        choose,
        read_arrays,
    )

    arrays = dict(read_arrays(given.file))
    lone = len(arrays) == 1
    wanted = given.inputs or (None if lone else data.get("inputs"))
    x = choose(arrays, wanted, tuple(arrays) if lone else INPUTS, "inputs")
    if not x.size:
        raise UserError(f"{str(given.file)!r}: the inputs have shape {x.shape}: no samples.")
    return x.reshape(len(x), -1)


def _parts(model: TrainedModel, x: np.ndarray, given: argparse.Namespace) -> Iterator[np.ndarray]:
    """The predictions batch by batch, with a bar on a terminal."""
    import numpy as np  # noqa: PLC0415 (not needed for --help)
    from rich.progress import track  # noqa: PLC0415

    starts = range(0, len(x), given.batch_size)
    for start in track(starts, "predicting", transient=True, disable=not sys.stdout.isatty()):
        batch = np.array(x[start : start + given.batch_size])
        bad = np.argwhere(~np.isfinite(batch))
        if len(bad):
            row, column = bad[0]
            raise UserError(
                f"{str(given.file)!r}: row {start + row}, column {column} of the inputs is "
                f"{batch[row, column]}. Remove or repair such samples."
            )
        try:
            predicted = model(batch)
        except RuntimeError as error:
            raise UserError(
                f"The model in {str(given.run)!r} does not take inputs of shape {batch.shape}: "
                f"{str(error).splitlines()[0]}"
            ) from error
        yield predicted.numpy()


def _columns(data: dict[str, Any]) -> list[str]:
    """Names of the targets' columns in the run's file; none if they were one array."""
    targets = data.get("targets")
    names = targets.split(",") if isinstance(targets, str) else []
    return [name.strip() for name in names] if not any("*" in name for name in names) else []


def _key(data: dict[str, Any]) -> str:
    """The key of the targets in the run's file, under which the predictions are written."""
    columns = _columns(data)
    return columns[0] if len(columns) == 1 else "Y"


if __name__ == "__main__":
    with reported(command="predict"):
        main()
