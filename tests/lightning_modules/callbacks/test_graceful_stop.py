"""Ctrl-C ends the training at the end of the epoch and loses nothing."""

import functools
import logging
import signal
import tempfile

import pytest
import torch
from lightning import Callback
from small_runs import fit, planes, weights

from softsym.lightning_modules.callbacks import GracefulStop, LastCheckpoint, Preempted
from softsym.lightning_modules.callbacks.graceful_stop import LEAVING, SIGNALS
from softsym.regularizers import AdjustOnce


class Signal(Callback):
    """After a training step."""

    def __init__(self, epoch, number, batch=0):
        self.epoch, self.number, self.batch = epoch, number, batch

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == (self.epoch, self.batch):
            signal.raise_signal(self.number)


class SignalInValidation(Callback):
    def on_validation_start(self, trainer, pl_module):
        if trainer.current_epoch == 1:
            signal.raise_signal(signal.SIGTERM)


def run(folder, *callbacks, resume=None, epochs=4, **settings):
    policy = AdjustOnce(2, 1.0)
    settings = {"regularizers": planes(), "policy": policy, "resume": resume} | settings
    return fit(folder, epochs, *callbacks, **settings)


def keep(folder, **settings):
    return LastCheckpoint(folder, "last", every_n_epochs=100, **settings)


@pytest.fixture(autouse=True)
def _signals_given_back():
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@functools.cache
def undisturbed():
    with tempfile.TemporaryDirectory() as folder:
        return run(folder)[0]


@pytest.fixture
def whole():
    return undisturbed()


def same(resumed, whole):
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.tuning.history == whole.tuning.history
    return True


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_interrupt_stops_after_the_epoch_and_resumes_to_the_same_result(
    epoch, whole, tmp_path, caplog
):
    stop = GracefulStop()
    before = signal.getsignal(signal.SIGINT)
    with caplog.at_level(logging.WARNING):
        _, trainer = run(tmp_path, keep(tmp_path), stop, Signal(epoch, signal.SIGINT))
    assert "Stopping after this epoch" in caplog.text
    assert stop.stopped == signal.SIGINT
    assert trainer.current_epoch == epoch + 1
    assert trainer.global_step == 3 * (epoch + 1)
    assert signal.getsignal(signal.SIGINT) is before
    resumed, _ = run(tmp_path, keep(tmp_path), resume=str(tmp_path / "last.ckpt"))
    assert same(resumed, whole)


@pytest.mark.parametrize("number", LEAVING)
@pytest.mark.parametrize(("epoch", "batch"), [(0, 0), (1, 1), (2, 0), (3, 1)])
def test_preempted_within_an_epoch_resumes_to_the_same_result(
    number, epoch, batch, whole, tmp_path, caplog
):
    """Before and after the adjustment; the order of the data goes on where it was."""
    stop = GracefulStop()
    with pytest.raises(Preempted) as left:
        run(tmp_path, Signal(epoch, number, batch), stop, keep(tmp_path))
    assert left.value.signal == stop.stopped == number
    assert "saving and leaving" in caplog.text
    kept = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 3 * epoch + batch + 1
    resumed, _ = run(tmp_path, keep(tmp_path), resume=str(tmp_path / "last.ckpt"))
    assert same(resumed, whole)


def test_at_the_last_step_the_epoch_is_ended_first(whole, tmp_path):
    stop = GracefulStop()
    _, trainer = run(tmp_path, Signal(1, signal.SIGTERM, 2), stop, keep(tmp_path))
    assert (stop.stopped, trainer.current_epoch) == (signal.SIGTERM, 2)
    resumed, _ = run(tmp_path, keep(tmp_path), resume=str(tmp_path / "last.ckpt"))
    assert same(resumed, whole)


def test_a_short_validation_is_finished_a_long_one_left(whole, tmp_path):
    stop = GracefulStop()
    _, trainer = run(tmp_path, SignalInValidation(), stop, keep(tmp_path))
    assert trainer.current_epoch == 2
    resumed, _ = run(tmp_path, keep(tmp_path), resume=str(tmp_path / "last.ckpt"))
    assert same(resumed, whole)
    impatient = GracefulStop(patience_seconds=0.0)
    with pytest.raises(Preempted) as left:
        run(tmp_path, SignalInValidation(), impatient, keep(tmp_path / "left"))
    assert not left.value.between_steps
    assert not (tmp_path / "left" / "last.ckpt").exists()


def test_preempted_again_and_again(whole, tmp_path):
    resume = None
    for epoch, batch in ((0, 0), (0, 1), (1, 0), (3, 1)):
        callbacks = Signal(epoch, signal.SIGTERM, batch), GracefulStop(), keep(tmp_path)
        with pytest.raises(Preempted):
            run(tmp_path, *callbacks, resume=resume)
        resume = str(tmp_path / "last.ckpt")
    resumed, _ = run(tmp_path, keep(tmp_path), resume=resume)
    assert same(resumed, whole)


def test_gradients_that_wait_for_a_step_are_not_lost(tmp_path):
    settings = {"accumulate_grad_batches": 2}
    whole, _ = run(tmp_path, trainer_settings=settings)
    callbacks = Signal(1, signal.SIGTERM, 0), GracefulStop(), keep(tmp_path)
    with pytest.raises(Preempted):
        run(tmp_path, *callbacks, trainer_settings=settings)
    kept = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 3
    resumed, _ = run(
        tmp_path, keep(tmp_path), resume=str(tmp_path / "last.ckpt"), trainer_settings=settings
    )
    assert torch.equal(weights(resumed), weights(whole))


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
