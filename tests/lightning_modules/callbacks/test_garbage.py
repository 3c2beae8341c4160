"""Frozen while training runs, and no longer."""

import gc

import pytest
from lightning import Callback
from small_runs import fit

from softsym.lightning_modules.callbacks import FrozenGarbage


class Asks(Callback):
    """Looks during the training, and may fail."""

    def __init__(self, fails=False):
        self.fails, self.seen = fails, 0

    def on_train_epoch_end(self, trainer, pl_module):
        self.seen = gc.get_freeze_count()
        if self.fails:
            raise OSError("disk full")


def test_frozen_during_the_training_only(tmp_path):
    asks = Asks()
    fit(tmp_path, 1, FrozenGarbage(), asks)
    assert asks.seen > 0
    assert gc.get_freeze_count() == 0


def test_given_back_after_a_failure(tmp_path):
    with pytest.raises(OSError, match="disk full"):
        fit(tmp_path, 1, FrozenGarbage(), Asks(fails=True))
    assert gc.get_freeze_count() == 0


def test_what_somebody_else_has_frozen_stays(tmp_path):
    gc.freeze()
    try:
        fit(tmp_path, 1, FrozenGarbage())
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
