"""Trainings with regularizers of a function: policies, resuming, compiling."""

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from small_runs import fit, weights

from softsym.lightning_modules.compilation import has_compiler
from softsym.networks import MLP
from softsym.regularizers import (
    AdjustOnce,
    AdjustRepeatedly,
    Fixed,
    FunctionRegularizer,
    LieDerivativeRegularizer,
)


def trained(folder, epochs, *callbacks, kind=FunctionRegularizer, **settings):
    names = ("O(2)@xy", "SO(2)@yz", "Scaling(3)")[: 2 if kind is LieDerivativeRegularizer else 3]
    made = {f"g{i}": kind(name, 0.1, "2T0 + 2T1", "T2") for i, name in enumerate(names)}
    network = MLP("2T0 + 2T1", "T2", dim=3, channels=8)
    return fit(folder, epochs, *callbacks, regularizers=made, network=network, **settings)[0]


POLICIES = [
    Fixed(),
    AdjustOnce(2, 2.0),
    AdjustRepeatedly(2, 2.0, times=2),
    AdjustOnce(2, 2.0, growth=10.0, relative=True),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: type(policy).__name__)
def test_every_policy_tunes_it(tmp_path, policy):
    model = trained(tmp_path, 5, policy=policy)
    strengths = [r.strength for r in model.regularizers.values()]
    assert all(0 < strength < float("inf") for strength in strengths)
    assert (len(set(strengths)) == 1) == isinstance(policy, Fixed)


@pytest.mark.parametrize("kind", [FunctionRegularizer, LieDerivativeRegularizer])
def test_a_resumed_training_is_the_same_bit_for_bit(tmp_path, kind):
    def run(name, epochs, **settings):
        return trained(tmp_path, epochs, ModelCheckpoint(tmp_path, name), kind=kind, **settings)

    whole = run("whole", 4)
    run("half", 2)
    resumed = run("resumed", 4, resume=str(tmp_path / "half.ckpt"))
    assert torch.equal(weights(whole), weights(resumed))
    assert whole.tuning.history == resumed.tuning.history


@pytest.mark.slow
@pytest.mark.parametrize("kind", [FunctionRegularizer, LieDerivativeRegularizer])
def test_a_compiled_training_is_the_same(tmp_path, kind):
    if not has_compiler():
        pytest.skip("no C++ compiler")
    plain, compiled = (trained(tmp_path, 3, kind=kind, compile=c) for c in (False, True))
    torch.testing.assert_close(weights(compiled), weights(plain), rtol=1e-3, atol=1e-4)
