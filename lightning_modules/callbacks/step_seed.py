"""Random numbers of a training step that depend on the step alone."""

from __future__ import annotations

from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

STRIDE = 1_000_003
"""Keeps the seeds of steps and ranks apart."""


class StepSeed(Callback):
    """Seeds PyTorch before each training step by (seed, step, rank).

    What a step draws, as dropout does, is then the same whether the run came to it at once or was
    stopped and resumed before, and no checkpoint has to keep the state of each rank's generators.

    Args:
        seed: Seed of all steps.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seeds the generators of all devices."""
        step = trainer.current_epoch * int(trainer.num_training_batches) + batch_idx
        place = step * trainer.world_size + trainer.global_rank
        torch.manual_seed(self.seed + STRIDE * place)
