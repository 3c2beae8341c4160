"""Augmentation beside a regularizer, for a symmetry that is exact and one that is partly broken.

    python benchmarks/augmentation.py

A plain MLP learns inertia tensors from few samples. With eps = 0 the task has all of O(3); with
eps = -1 it keeps O(2)@xy and breaks the other planes. Augmentation moves every sample by O(3);
the regularizers are one for each plane, whose strengths are adjusted once: nobody tells them which
plane is kept. Test errors are mean squared errors, means over the seeds.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from lightning import Trainer
from rich.console import Console
from rich.table import Table
from torch import nn
from torchmetrics import MeanSquaredError

from benchmarks.timing import positive
from softsym.datamodules.inertia import Inertia
from softsym.lightning_modules import SymmetryModule
from softsym.networks import MLP
from softsym.regularizers import AdjustOnce, FunctionRegularizer

PLANES = ("O(2)@xy", "O(2)@yz", "O(2)@xz")
BREAKS = {"exact (eps=0)": 0.0, "O(2)@xy alone (eps=-1)": -1.0}


def planes(epochs: int, strength: float) -> dict[str, Any]:
    """Settings of a module that regularizes each plane, adjusted after a third of the training."""
    made = {name: FunctionRegularizer(name, strength) for name in PLANES}
    return {"regularizers": made, "policy": AdjustOnce(epochs // 3, 2.0)}


def test_error(eps: float, seed: int, epochs: int, samples: int, settings: dict[str, Any]) -> float:
    """Trains once and returns the test error."""
    data = Inertia(
        axis=2, eps=eps, bodies=5, samples=samples, batch_size=64, data_seed=seed, seed=seed
    )
    network = MLP("5T0 + 5T1", "T2", dim=3, channels=128, hidden_layers=2, seed=seed)
    schedule = partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=epochs)
    module = SymmetryModule(
        network,
        nn.MSELoss(),
        partial(torch.optim.Adam, lr=2e-3),
        scheduler=schedule,
        metrics={"mse": MeanSquaredError()},
        **settings,
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            default_root_dir=folder,
            accelerator="cpu",
            max_epochs=epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            limit_val_batches=0,
        )
        trainer.fit(module, data)
        return float(trainer.test(module, data, verbose=False)[0]["test/mse"])


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=positive, default=150)
    parser.add_argument("--samples", type=positive, default=300, help="of the training set")
    parser.add_argument("--seeds", type=positive, default=3)
    parser.add_argument("--strength", type=float, default=0.3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    table = Table("the data keep", "plain", "augmentation by O(3)", "regularizer, three planes")
    for title, eps in BREAKS.items():
        cells = []
        for method in ("plain", "augmentation", "planes"):
            errors = []
            for seed in range(arguments.seeds):
                settings: dict[str, Any] = {"augmentation": "O(3)"}
                if method != "augmentation":
                    made = planes(arguments.epochs, arguments.strength)
                    settings = made if method == "planes" else {}
                counts = arguments.epochs, arguments.samples
                errors.append(test_error(eps, seed, *counts, settings))
            cells.append(f"{statistics.mean(errors):.3f} ± {statistics.pstdev(errors):.3f}")
        table.add_row(title, *cells)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
