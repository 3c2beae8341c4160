"""Where a run's test error comes from: few samples, or all.

    python benchmarks/tails.py outputs/paper/inertia_z/per/seed0 outputs/paper/inertia_z/per/seed1

Loads the best model of each run folder; prints mean, median and the largest squared errors of its
test samples, and the share of the sum that the largest five make.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table

from softsym.cli import resolvers
from softsym.reporting.number_format import number

LARGEST = 5


def squared_errors(folder: Path) -> torch.Tensor:
    """Mean squared error of each test sample of a run's best model, (n,)."""
    config = OmegaConf.load(folder / "config.yaml")
    datamodule, network = instantiate(config.datamodule), instantiate(config.network)
    datamodule.prepare_data()
    datamodule.setup()
    kept = torch.load(folder / "checkpoints" / "best.ckpt", map_location="cpu", weights_only=True)
    prefix = "network."
    network.load_state_dict(
        {
            name.removeprefix(prefix): value
            for name, value in kept["state_dict"].items()
            if name.startswith(prefix)
        }
    )
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
    resolvers.register()
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
