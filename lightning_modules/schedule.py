"""Schedules of the learning rate over single steps, and over trainings that became longer."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler

log = logging.getLogger(__name__)


class EachStep(NamedTuple):
    """A schedule that moves at each step, and is told how many the training has.

    Args:
        scheduler: Makes it of the optimizer and ``total_steps``.
    """

    scheduler: Callable[..., LRScheduler]


def warmup_cosine(
    optimizer: Optimizer, total_steps: int, warmup: float = 0.05, last: float = 0.0
) -> LambdaLR:
    r"""The learning rate rises linearly, and then falls as half a cosine.

    With s the share of all steps that are done, w the warm-up and l the last share of the rate,

    .. math:: s / w \text{ for } s < w, \qquad
        l + (1 - l) \tfrac12 (1 + \cos \pi \tfrac{s - w}{1 - w}) \text{ afterwards}

    Args:
        optimizer: The optimizer, whose rate is the largest.
        total_steps: Number of steps of the training.
        warmup: Share of the steps in which the rate rises, from 0 up to but not including 1.
        last: Share of the rate that the training ends with.

    Raises:
        ValueError: If a share is out of range.
    """
    if not (0 <= warmup < 1 and 0 <= last <= 1):
        raise ValueError(
            f"warmup must be at least 0 and below 1, and last from 0 to 1; got {warmup} and {last}"
        )

    def factor(step: int) -> float:
        done = min((step + 1) / total_steps, 1.0)  # the first step has a rate above 0
        if done < warmup:
            return done / warmup
        return last + (1 - last) * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup))) / 2

    return LambdaLR(optimizer, factor)


def configured(scheduler: Any, optimizer: Optimizer, trainer: Any) -> dict[str, Any]:
    """Makes the scheduler of an optimizer in the form that Lightning reads.

    Args:
        scheduler: Makes it of the optimizer, for each epoch; or an :class:`EachStep`.
        optimizer: The optimizer.
        trainer: The trainer, which knows the number of steps; None before there is one.

    Raises:
        ValueError: If a schedule over all steps has no end.
    """
    if not isinstance(scheduler, EachStep):
        return {"scheduler": scheduler(optimizer), "interval": "epoch"}
    # without a trainer only the settings are tried
    steps = 1000 if trainer is None else trainer.estimated_stepping_batches
    if not math.isfinite(steps):
        raise ValueError(
            "This schedule runs over all steps of the training, whose number is unknown: set "
            "trainer.max_epochs or trainer.max_steps"
        )
    made = scheduler.scheduler(optimizer, total_steps=max(int(steps), 1))
    return {"scheduler": made, "interval": "step"}


def length_of(scheduler: LRScheduler) -> dict[str, Any]:
    """What a checkpoint restores of the length with which its training began."""
    kept = ("T_max", "total_steps", "_schedule_phases")
    return {name: vars(scheduler)[name] for name in kept if name in vars(scheduler)}


def follow_length(scheduler: LRScheduler, length: dict[str, Any]) -> None:
    """Gives a restored schedule another length, and the rate that it then has now.

    PyTorch restores the length of the checkpoint, after which a cosine would rise again, and a
    one-cycle schedule refuse to go on. It also computes each rate of a cosine from the one before:
    from 0, where a schedule has ended, it would never leave 0. So the rate is set to that of an
    undisturbed schedule of the new length.

    Args:
        scheduler: The restored schedule; nothing happens if it has no length.
        length: Its new length, as :func:`length_of` gives it.
    """
    before = length_of(scheduler)
    if not length or before == length:
        return
    vars(scheduler).update(length)
    if not isinstance(scheduler, CosineAnnealingLR):
        return  # the next step computes its rate from the number of steps alone
    # the closed form that PyTorch itself uses where an epoch is named
    rates = scheduler._get_closed_form_lr()
    for group, rate in zip(scheduler.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    scheduler._last_lr = list(rates)
    log.info(
        "The cosine schedule now falls to its end over %d epochs instead of %d: the learning rate "
        "goes on from %.3g.",
        length["T_max"],
        before["T_max"],
        rates[0],
    )
