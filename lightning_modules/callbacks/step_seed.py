"""Makes the random numbers of a training step depend on the step alone."""

from __future__ import annotations

from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from softsym.symmetries.numbers import require_whole

STRIDE = 1_000_003
"""A prime by which the seeds of neighbouring steps and ranks differ."""


class StepSeed(Callback):
    """Seeds PyTorch before each training step by (seed, step, rank).

    A resumed run then draws the same numbers, e.g. in dropout, as an undisturbed one. Checkpoints
    need not keep the state of each rank's generators.

    Raises:
        ValueError: If the seed is no whole number of at least 0.
    """

    def __init__(self, seed: int) -> None:
        require_whole("seed", seed, least=0)
        self.seed = seed

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seeds the generator of the CPU, and those of all devices unless the CPU alone trains."""
        step = trainer.current_epoch * int(trainer.num_training_batches) + batch_idx
        place = step * trainer.world_size + trainer.global_rank
        # torch.manual_seed formats the stack for each kind of device that has not started: three
        # times a step, a millisecond in all
        on_cpu = pl_module.device.type == "cpu"
        seed = torch.default_generator.manual_seed if on_cpu else torch.manual_seed
        seed(self.seed + STRIDE * place)
