"""A training small enough to run in a test."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Checkpoint
from torch import nn
from torchmetrics import MeanSquaredError

from softsym.datamodules.inertia import Inertia
from softsym.lightning_modules import SymmetryModule
from softsym.networks import SoftEMLP
from softsym.regularizers import GateRegularizer, ProjectionRegularizer, Regularizer, WeightDecay

ADAM = partial(torch.optim.Adam, lr=3e-3)
UPHILL = partial(torch.optim.SGD, lr=1e-6, maximize=True)
"""Makes the model a little worse in every step."""


def data(**settings) -> Inertia:
    """24 samples in 3 batches an epoch."""
    defaults = {"axis": 2, "eps": -1.0, "bodies": 2, "samples": 24, "batch_size": 8}
    return Inertia(**defaults | {"rep_in": "2T0 + 2T1"} | settings)


def planes(strength: float = 1.0) -> dict[str, Regularizer]:
    return {
        **{n: ProjectionRegularizer(f"O(2)@{n}", strength) for n in ("xy", "yz")},
        "o3": ProjectionRegularizer("O(3)", 0.0),
        "gate": GateRegularizer(1.0),
        "decay": WeightDecay(1e-3),
    }


def network(seed: int = 0) -> nn.Module:
    return SoftEMLP("2T0 + 2T1", "T2", "O(3)", channels=6, hidden_layers=1, seed=seed)


def module(regularizers=None, **settings) -> SymmetryModule:
    defaults = {"network": network(), "loss": nn.MSELoss(), "optimizer": ADAM}
    defaults["metrics"] = {"mse": MeanSquaredError()}
    return SymmetryModule(**defaults | settings, regularizers=regularizers)


def trainer(folder: Path, epochs: int, *callbacks, **settings) -> Trainer:
    defaults = {
        "default_root_dir": folder,
        "accelerator": "cpu",
        "devices": 1,
        "logger": False,
        "max_epochs": epochs,
        "callbacks": list(callbacks),
        "enable_checkpointing": any(isinstance(c, Checkpoint) for c in callbacks),
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "log_every_n_steps": 1,
    }
    return Trainer(**defaults | settings)


def fit(
    folder, epochs, *callbacks, regularizers=None, resume=None, trainer_settings=None, **settings
):
    """Trains; returns the module and the trainer."""
    model = module(regularizers, **settings)
    run = trainer(folder, epochs, *callbacks, **trainer_settings or {})
    run.fit(model, data(), ckpt_path=resume)
    return model, run


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.network.parameters()])
