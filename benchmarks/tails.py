"""Where a run's test error comes from: few samples, or all.

    python benchmarks/tails.py outputs/paper/inertia_z/per/seed0 outputs/paper/inertia_z/per/seed1

Loads the best model of each run folder; prints mean, median and the largest squared errors of its
test samples, and the share of the sum that the largest five make.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from hydra.utils import get_object
from rich.console import Console
from rich.table import Table

from softsym.lightning_modules.checkpoint_io import load_weights
from softsym.reporting.number_format import number
from softsym.runs.untrusted import read_yaml

LARGEST = 5


def built(settings: dict[str, Any]) -> Any:
    """Builds an object of ours; a stored config may name any code, which is not called."""
    made = get_object(settings["_target_"]) if settings["_target_"].startswith("softsym.") else None
    if not isinstance(made, type) or not made.__module__.startswith("softsym."):
        raise ValueError(f"{settings['_target_']} is no class of softsym.")
    return made(**{key: value for key, value in settings.items() if not key.startswith("_")})


def squared_errors(folder: Path) -> torch.Tensor:
    """Mean squared error of each test sample of a run's best model, (n,)."""
    config = read_yaml(folder / "config.yaml")
    datamodule, network = built(config["datamodule"]), built(config["network"])
    datamodule.prepare_data()
    datamodule.setup()
    load_weights(network, folder / "checkpoints" / "best.ckpt")
    inputs, targets = datamodule.splits["test"]
    with torch.no_grad():
        return (network(inputs) - targets).square().mean(1)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, help="run folders")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        if not (folder / "checkpoints" / "best.ckpt").exists():
            parser.error(f"{folder} is no run folder with a best model (checkpoints/best.ckpt)")
    shown = Table("run", "mean", "median", f"largest {LARGEST}", "their share of the sum")
    for folder in arguments.folders:
        errors = squared_errors(folder)
        largest = errors.sort(descending=True).values[:LARGEST]
        row = [str(folder), number(float(errors.mean())), number(float(errors.median()))]
        row += [", ".join(number(float(value)) for value in largest)]
        shown.add_row(*row, f"{float(largest.sum() / errors.sum()):.0%}")
    Console().print(shown)


if __name__ == "__main__":
    main()
