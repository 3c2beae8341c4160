"""Lets the learning rate of a resumed training follow a schedule that has become longer."""

from __future__ import annotations

import logging

from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

log = logging.getLogger(__name__)


def follow_length(scheduler: LRScheduler, epochs: int | None) -> None:
    """Gives a restored cosine schedule another length, and the rate that it then has now.

    PyTorch restores the length of the checkpoint, after which the cosine would rise again. It also
    computes each rate from the one before: from 0, where a schedule has ended, it would never
    leave 0. So the rate is set to that of an undisturbed schedule of the new length.

    Args:
        scheduler: The restored schedule; nothing happens if it is no cosine.
        epochs: Its new length; None changes nothing.
    """
    if not isinstance(scheduler, CosineAnnealingLR) or epochs in (None, scheduler.T_max):
        return
    before, scheduler.T_max = scheduler.T_max, epochs
    # the closed form that PyTorch itself uses where an epoch is named
    rates = scheduler._get_closed_form_lr()
    for group, rate in zip(scheduler.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    scheduler._last_lr = list(rates)
    log.info(
        "The cosine schedule now falls to its end over %d epochs instead of %d: the learning rate "
        "goes on from %.3g.",
        epochs,
        before,
        rates[0],
    )
