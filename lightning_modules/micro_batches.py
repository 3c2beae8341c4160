"""Tells the micro-batches of an accumulated optimizer step apart."""

from __future__ import annotations

from lightning import Trainer


def micro_batch(trainer: Trainer | None) -> int:
    """The place of the present batch among those whose gradients are added up; 0 without that."""
    if trainer is None or trainer.accumulate_grad_batches == 1:
        return 0
    return trainer.fit_loop.batch_idx % trainer.accumulate_grad_batches
