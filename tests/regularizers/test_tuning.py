"""The policy's turn after each epoch, history and state."""

import pytest
import torch

from softsym.regularizers import ProjectionRegularizer, StrengthPolicy, StrengthTuning, WeightDecay


class Recorder(StrengthPolicy):
    """Adds 1 to every strength and remembers what it was told."""

    def __init__(self):
        self.told = []

    def update(self, epochs, penalties, strengths):
        self.told.append((epochs, dict(penalties), dict(strengths)))
        return {name: strength + 1 for name, strength in strengths.items()}

    def state_dict(self):
        return {"told": list(self.told)}


def tuning(*names):
    regularizers = {name: ProjectionRegularizer("O(3)", 1.0) for name in names or ("a", "b")}
    regularizers["decay"] = WeightDecay(0.5)
    return StrengthTuning(Recorder(), regularizers)


def end_epoch(callback, epoch, *penalties):
    callback.end_epoch(epoch, dict(zip(callback.regularizers, penalties, strict=True)))


def test_the_policy_is_told_of_symmetries_and_sets_their_strengths():
    callback = tuning()
    end_epoch(callback, 0, 2.0, 3.0, 8.0)
    assert callback.policy.told == [(1, {"a": 2.0, "b": 3.0}, {"a": 1.0, "b": 1.0})]
    assert [r.strength for r in callback.regularizers.values()] == [2.0, 2.0, 0.5]


def test_history_has_the_strength_that_the_epoch_trained_with():
    callback = tuning()
    end_epoch(callback, 0, 1.0, 2.0, 0.0)
    end_epoch(callback, 1, 3.0, 4.0, 0.0)
    assert [tuple(row) for row in callback.history] == [
        (0, "a", 1.0, 1.0), (0, "b", 1.0, 2.0), (1, "a", 2.0, 3.0), (1, "b", 2.0, 4.0),
    ]  # fmt: skip


@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_state_round_trip(epochs, tmp_path):
    callback, restored = tuning(), tuning()
    for epoch in range(epochs):
        end_epoch(callback, epoch, 0.1 + epoch, 2.0, 0.0)
    torch.save(callback.state_dict(), tmp_path / "state.pt")
    restored.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert restored.history == callback.history
    assert restored.policy.told == callback.policy.told


def test_a_checkpoint_of_other_symmetries():
    with pytest.raises(ValueError, match=r"trained with the symmetries \['a', 'b'\], this run has"):
        tuning("a", "c").load_state_dict(tuning().state_dict())
