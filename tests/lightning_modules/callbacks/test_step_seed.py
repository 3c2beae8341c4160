"""What a step draws depends on the step alone."""

import itertools

import pytest
import torch
from lightning import Callback
from small_runs import fit, weights
from torch import nn

from softsym.lightning_modules.callbacks import LastCheckpoint, Preempted, StepSeed


class Forgetful(nn.Sequential):
    """With dropout, which draws in every step."""

    def __init__(self):
        torch.manual_seed(0)
        super().__init__(nn.Linear(8, 16), nn.Dropout(0.5), nn.Linear(16, 9))


class Leave(Callback):
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.global_step == 4:
            raise Preempted(15, between_steps=True)


def run(folder, *callbacks, resume=None):
    return fit(folder, 3, StepSeed(7), *callbacks, network=Forgetful(), resume=resume)


def test_dropout_is_the_same_after_a_resume(tmp_path):
    whole, _ = run(tmp_path)
    torch.manual_seed(1)
    again, _ = run(tmp_path)
    assert torch.equal(weights(whole), weights(again))
    keep = LastCheckpoint(tmp_path, "last")
    with pytest.raises(Preempted):
        run(tmp_path, Leave(), keep)
    resumed, _ = run(tmp_path, LastCheckpoint(tmp_path, "last"), resume=str(tmp_path / "last.ckpt"))
    assert torch.equal(weights(resumed), weights(whole))


def test_steps_ranks_and_seeds_draw_differently():
    class Place:
        world_size, num_training_batches = 2, 3

        def __init__(self, epoch, rank):
            self.current_epoch, self.global_rank = epoch, rank

    def drawn(seed, epoch, batch, rank):
        StepSeed(seed).on_train_batch_start(Place(epoch, rank), Forgetful(), None, batch)
        return float(torch.rand(()))

    Forgetful.device = torch.device("cpu")
    places = list(itertools.product((0, 1), range(3), range(3), range(2)))
    assert len({drawn(*place) for place in places}) == len(places)
    assert drawn(0, 1, 1, 1) == drawn(0, 1, 1, 1)
