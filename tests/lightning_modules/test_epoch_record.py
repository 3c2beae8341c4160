"""Means of an epoch, who gets them, and what a checkpoint within an epoch keeps."""

from types import SimpleNamespace

import pytest
import torch

from softsym.lightning_modules.epoch_record import EpochRecord
from softsym.regularizers import AdjustOnce, ProjectionRegularizer, StrengthTuning, WeightDecay


class Memory:
    """A logger that remembers."""

    def __init__(self):
        self.rows = []

    def log_metrics(self, values, step):
        self.rows.append(values)


def trainer(epoch=0, last=9):
    return SimpleNamespace(
        current_epoch=epoch, max_epochs=last + 1, global_step=0, loggers=[Memory()],
        strategy=SimpleNamespace(reduce=lambda values, reduce_op: values),
    )  # fmt: skip


def record(**settings):
    regularizers = {"a": ProjectionRegularizer("O(3)", 2.0), "decay": WeightDecay(0.5)}
    return EpochRecord(StrengthTuning(AdjustOnce(5, 1.0), regularizers), **settings)


def observe(callback, *steps):
    for total, task, *penalties in (map(torch.tensor, step) for step in steps):
        names = callback.tuning.regularizers
        callback.observe(total, task, dict(zip(names, penalties, strict=True)))


def end(callback, epoch=0):
    """Ends an epoch; returns what the loggers were told."""
    run = trainer(epoch)
    callback.on_train_epoch_end(run, None)
    return run.loggers[0].rows


def test_means_over_the_steps_of_each_epoch():
    callback = record()
    observe(callback, [5.0, 1.0, 1.0, 9.0], [7.0, 2.0, 3.0, 7.0])
    callback.note({"val/mse": 4.0})
    assert end(callback) == [
        {
            "train/loss": 6.0, "train/task_loss": 1.5, "val/mse": 4.0, "epoch": 0,
            "penalty/a": 2.0, "penalty/decay": 8.0, "strength/a": 2.0, "strength/decay": 0.5,
        }
    ]  # fmt: skip
    observe(callback, [1.0, 1.0, 5.0, 0.0])
    assert end(callback, 1)[0]["penalty/a"] == 5.0
    assert [tuple(row) for row in callback.tuning.history] == [
        (0, "a", 2.0, 2.0),
        (1, "a", 2.0, 5.0),
    ]


def test_without_a_step_nothing_happens():
    callback = record()
    assert end(callback) == []
    assert callback.tuning.history == []


def test_a_checkpoint_within_an_epoch_keeps_its_steps():
    whole, first, second = (record() for _ in range(3))
    steps = [0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8], [0.9, 1.0, 1.1, 1.2]
    observe(whole, *steps)
    observe(first, *steps[:2])
    checkpoint = {"callbacks": {}}
    first.on_save_checkpoint(trainer(), None, checkpoint)
    second.load_state_dict(checkpoint["callbacks"][second.state_key])
    second.on_train_start(None, SimpleNamespace(device="cpu"))
    observe(second, *steps[2:])
    assert end(second) == end(whole)


def test_a_checkpoint_between_epochs_needs_nothing():
    checkpoint = {"callbacks": {}}
    record().on_save_checkpoint(trainer(), None, checkpoint)
    assert checkpoint == {"callbacks": {}}


def test_bad_interval():
    with pytest.raises(
        ValueError, match=r"log_every_n_epochs must be a whole .* at least 1; got 0"
    ):
        record(log_every_n_epochs=0)
