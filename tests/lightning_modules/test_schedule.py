"""Schedules over steps, and over resumed trainings that are longer."""

import math

import pytest
import torch
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, OneCycleLR

from softsym.lightning_modules.schedule import (
    EachStep,
    configured,
    follow_length,
    length_of,
    warmup_cosine,
)


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
    follow_length(followed, {"T_max": after})
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
    follow_length(followed, {"T_max": 4})
    follow_length(followed, {})
    follow_length(ConstantLR(schedule(4, 2)[1]), {})
    assert optimizer.param_groups[0]["lr"] == rate
    assert not caplog.text


def optimizer_of(rate=0.1):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)


def rates(made, optimizer, steps):
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.step()
    return found


def test_warm_up_rises_in_a_line_and_falls_as_a_cosine():
    optimizer = optimizer_of()
    found = rates(warmup_cosine(optimizer, 100, warmup=0.1, last=0.2), optimizer, 100)
    assert found[:10] == pytest.approx([0.01 * (k + 1) for k in range(10)])
    assert found[54] == pytest.approx(0.1 * (0.2 + 0.8 / 2))
    assert found[-1] == pytest.approx(0.02)
    with pytest.raises(ValueError, match="warmup must be at least 0 and below 1"):
        warmup_cosine(optimizer, 100, warmup=1.0)


class FakeTrainer:
    def __init__(self, steps):
        self.estimated_stepping_batches = steps


def test_a_schedule_of_each_step_knows_the_number_of_steps():
    made = configured(EachStep(warmup_cosine), optimizer := optimizer_of(), FakeTrainer(20))
    assert made["interval"] == "step"
    assert rates(made["scheduler"], optimizer, 20)[-1] == pytest.approx(0.0)
    with pytest.raises(ValueError, match=r"set trainer\.max_epochs"):
        configured(EachStep(warmup_cosine), optimizer, FakeTrainer(float("inf")))


@pytest.mark.parametrize(
    "make", [lambda o, n: OneCycleLR(o, 0.1, total_steps=n), warmup_cosine], ids=["cycle", "warm"]
)
def test_a_longer_training_goes_on_with_the_longer_schedule(make):
    optimizer = optimizer_of()
    short = make(optimizer, 10)
    rates(short, optimizer, 8)
    again = optimizer_of()
    longer = make(again, 20)
    length = length_of(longer)
    longer.load_state_dict(short.state_dict())
    follow_length(longer, length)
    rates(longer, again, 1)
    undisturbed = optimizer_of()
    expected = rates(make(undisturbed, 20), undisturbed, 20)
    assert rates(longer, again, 10) == pytest.approx(expected[9:19])
