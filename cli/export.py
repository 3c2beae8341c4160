"""The command line of ``softsym export``: the model of a run for use without SoftSym."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from softsym.cli.errors import reported
from softsym.cli.places import writable_file
from softsym.cli.run_config import add_trust, run_config
from softsym.runs.errors import UserError

KINDS = {"safetensors": ".safetensors", "torch_export": ".pt2", "onnx": ".onnx"}
"""Kind of file -> its ending."""
ONNX = ("onnx", "onnxscript", "onnxruntime")
"""What ``--to onnx`` needs; the last one checks the file."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the model of a run, and says how nearly the file predicts the same."""
    given = parser().parse_args(arguments)
    run_config(given.run)
    missing = [name for name in ONNX if given.to == "onnx" and find_spec(name) is None]
    if missing:
        raise UserError(
            f"--to onnx needs {', '.join(missing)}, not installed here: "
            "pip install 'softsym[onnx]'."
        )
    path = given.output or given.run / f"model{KINDS[given.to]}"
    writable_file(path, "The file", path / f"model{KINDS[given.to]}")
    from softsym.cli.model_files import export  # noqa: PLC0415 (loads torch)
    from softsym.cli.trained import load  # noqa: PLC0415

    difference = export(load(given.run, trusted=given.trust), path, given.to)
    sys.stdout.write(f"Wrote {path}, whose predictions differ by at most {difference:.1g}.\n")


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(
        prog="softsym export",
        description="Writes the model of a run to a file that needs no SoftSym: from inputs to "
        "predictions in the user's units, for batches of any size. The file is kept only if it "
        "predicts the same to 1e-5.",
        epilog="Example: softsym export outputs/arrays/1 --to torch_export",
    )
    add = made.add_argument
    add("run", type=Path, metavar="RUN", help="the run folder")
    add(
        "--to",
        required=True,
        choices=KINDS,
        help="safetensors holds weights and scales, the others the whole computation",
    )
    add(
        "--output",
        type=Path,
        metavar="FILE",
        help="the file (default: model.safetensors, model.pt2 or model.onnx in the run folder)",
    )
    add_trust(made)
    return made


if __name__ == "__main__":
    with reported(command="export"):
        main()
