"""Tests that every strength policy has to pass; a new one inherits them and gives ``make``."""

from __future__ import annotations

import math
import pickle
import random

import pytest
import torch

from softsym.regularizers import StrengthPolicy

EPOCHS = 12
START = {"xy": 2.0, "yz": 2.0, "watched": 0.0}


def penalties(epoch: int) -> dict[str, float]:
    """Draws growing penalties, so that those a policy saw early matter later."""
    draw = random.Random(epoch)
    return {name: draw.uniform(0.5, 2.0) * 2**epoch for name in START}


def run(policy: StrengthPolicy, first: int = 1, strengths: dict[str, float] | None = None):
    """Lists the strengths after each epoch from ``first`` on."""
    strengths, history = dict(strengths or START), []
    for epoch in range(first, EPOCHS + 1):
        strengths = policy.update(epoch, penalties(epoch), strengths)
        history.append(strengths)
    return history


class PolicySuite:
    """Inherit and implement ``make``; the policy must act within 12 epochs."""

    def make(self) -> StrengthPolicy:
        raise NotImplementedError

    def test_answers_for_every_symmetry(self):
        for strengths in run(self.make()):
            assert list(strengths) == list(START)
            assert all(math.isfinite(s) and s >= 0 for s in strengths.values())

    def test_the_same_on_every_rank(self):
        assert run(self.make()) == run(self.make())

    def test_leaves_its_arguments_alone(self):
        policy = self.make()
        for epoch in range(1, EPOCHS + 1):
            observed, strengths = penalties(epoch), dict(START)
            policy.update(epoch, observed, strengths)
            assert (observed, strengths) == (penalties(epoch), START)

    @pytest.mark.parametrize("stop", range(1, EPOCHS))
    def test_restored_after_any_epoch_goes_on_as_if_undisturbed(self, stop, tmp_path):
        undisturbed, policy = run(self.make()), self.make()
        strengths = dict(START)
        for epoch in range(1, stop + 1):
            strengths = policy.update(epoch, penalties(epoch), strengths)
        torch.save(policy.state_dict(), tmp_path / "state.pt")
        restored = self.make()
        restored.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
        assert run(restored, stop + 1, strengths) == undisturbed[stop:]
        assert restored.adjusted_epoch == self._finished().adjusted_epoch

    def test_pickles(self):
        assert run(pickle.loads(pickle.dumps(self.make()))) == run(self.make())

    def test_epochs_for_plots_and_checkpoints(self):
        policy = self._finished()
        assert policy.settled_epoch >= 0
        assert policy.adjusted_epoch is None or 1 <= policy.adjusted_epoch <= EPOCHS

    def _finished(self) -> StrengthPolicy:
        policy = self.make()
        run(policy)
        return policy
