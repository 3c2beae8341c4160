"""A resumed training may be longer; its cosine schedule then is that of the longer one."""

import math

import pytest
import torch
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR

from softsym.lightning_modules.schedule import follow_length


def schedule(epochs, done):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    made = CosineAnnealingLR(optimizer, epochs, eta_min=0.01)
    for _ in range(done):
        optimizer.step()
        made.step()
    return made, optimizer


@pytest.mark.parametrize(("before", "done", "after"), [(4, 4, 8), (4, 2, 8), (8, 2, 4), (4, 4, 5)])
def test_the_rate_is_that_of_an_undisturbed_schedule(before, done, after, caplog):
    caplog.set_level("INFO")
    followed, optimizer = schedule(before, done)
    follow_length(followed, after)
    assert f"over {after} epochs instead of {before}" in caplog.text
    for epoch in range(done, after + 1):
        expected = 0.01 + 0.09 * (1 + math.cos(math.pi * epoch / after)) / 2
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected)
        assert followed.get_last_lr() == [optimizer.param_groups[0]["lr"]]
        optimizer.step()
        followed.step()


def test_the_same_length_and_other_schedules_stay_as_they_are(caplog):
    followed, optimizer = schedule(4, 2)
    rate = optimizer.param_groups[0]["lr"]
    follow_length(followed, 4)
    follow_length(followed, None)
    follow_length(ConstantLR(schedule(4, 2)[1]), 7)
    assert optimizer.param_groups[0]["lr"] == rate
    assert not caplog.text
