"""Ctrl-C ends the training at the end of the epoch and loses nothing."""

import logging
import signal

import pytest
import torch
from lightning import Callback
from small_runs import fit, planes, weights

from lightning_modules.callbacks import GracefulStop, LastCheckpoint
from regularizers import AdjustOnce


class Signal(Callback):
    """In the middle of an epoch."""

    def __init__(self, epoch, number):
        self.epoch, self.number = epoch, number

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == (self.epoch, 0):
            signal.raise_signal(self.number)


def run(folder, *callbacks, resume=None):
    policy = AdjustOnce(2, 1.0)
    return fit(folder, 4, *callbacks, regularizers=planes(), policy=policy, resume=resume)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_stops_after_the_epoch_and_resumes_to_the_same_result(epoch, number, tmp_path, caplog):
    def keep():
        return LastCheckpoint(tmp_path, "last", every_n_epochs=100)

    stop = GracefulStop()
    before = signal.getsignal(number)
    with caplog.at_level(logging.WARNING):
        _, trainer = run(tmp_path, keep(), stop, Signal(epoch, number))
    assert "Stopping after this epoch" in caplog.text
    assert stop.stopped == number
    assert trainer.current_epoch == epoch + 1
    assert trainer.global_step == 3 * (epoch + 1)
    assert signal.getsignal(number) is before
    resumed, _ = run(tmp_path, keep(), resume=str(tmp_path / "last.ckpt"))
    whole, _ = run(tmp_path)
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.tuning.history == whole.tuning.history


def test_without_a_signal_the_training_goes_to_its_end(tmp_path):
    stop = GracefulStop()
    _, trainer = run(tmp_path, stop)
    assert (stop.stopped, trainer.current_epoch) == (False, 4)


def test_the_second_signal_stops_at_once():
    stop = GracefulStop()
    before = signal.getsignal(signal.SIGINT)
    stop.on_train_start(None, None)
    try:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        stop.on_train_end(None, None)
    assert signal.getsignal(signal.SIGINT) is before
