"""A NaN stops the training and says where it came from."""

import pytest
import torch
from small_runs import data, fit, module, network, trainer, weights
from torch import nn

from softsym.datamodules.base import SliceLoader
from softsym.lightning_modules import SymmetryModule
from softsym.lightning_modules.nonfinite import NonFiniteLossError, explain_nonfinite

# the message turns a loss with a graph into a number, which torch remarks on once a process


class Overflow(nn.Module):
    """Infinite for large inputs."""

    def forward(self, x):
        return torch.where(x.abs().amax(1, keepdim=True) > 50, torch.inf, x)


def explained(model=None, inputs=None, targets=None, **terms):
    inputs = torch.ones(3, 2) if inputs is None else inputs
    targets = torch.ones(3, 2) if targets is None else targets
    return explain_nonfinite(model or nn.Linear(2, 2), inputs, targets, terms)


def with_value(row, value=torch.nan):
    values = torch.ones(3, 2)
    values[row, 1] = value
    return values


def test_the_batch():
    assert explained(inputs=with_value(2)) == (
        "the inputs of the batch are not finite (first in row 2)"
    )
    assert explained(targets=with_value(1, torch.inf)) == (
        "the targets of the batch are not finite (first in row 1)"
    )


def test_a_parameter():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    nn.init.constant_(model[1].bias, torch.nan)
    assert explained(model) == "the parameter '1.bias' is not finite"


def test_the_first_layer():
    model = nn.Sequential(nn.Identity(), nn.Sequential(Overflow()), nn.Linear(2, 2))
    cause = explained(model, inputs=torch.full((3, 2), 60.0))
    assert cause == "the output of layer '1.0' is the first that is not finite"
    assert not any(m._forward_hooks for m in model.modules())
    assert "layer 'Overflow'" in explained(Overflow(), inputs=torch.full((3, 2), 60.0))


def test_a_term_of_the_loss():
    terms = {"task": torch.tensor(1.0), "xy": torch.tensor(torch.inf)}
    assert explained(**terms) == "all layers are finite, but not xy of the loss"
    assert "not the sum of the terms" in explained(task=torch.tensor(1.0))


def poisoned(row, value):
    """The training data of a small run with one number replaced."""
    source = data()
    source.setup()
    inputs, targets = source.splits["train"]
    inputs[row, 3] = value
    return SliceLoader((inputs, targets), 8), SliceLoader(source.splits["val"], 24)


def test_names_step_and_batch_and_keeps_the_weights_finite(tmp_path):
    model = module()
    message = (
        r"The loss is nan in epoch 0, batch 2 \(step 2\): the inputs of the batch are not finite "
        r"\(first in row 5\)\. A smaller learning rate"
    )
    with pytest.raises(NonFiniteLossError, match=message):
        trainer(tmp_path, 3).fit(model, *poisoned(21, torch.nan))
    assert torch.isfinite(weights(model)).all()
    assert not torch.equal(weights(model), weights(module()))


def test_names_the_layer(tmp_path):
    small = network()
    small.blocks.append(Overflow())
    with pytest.raises(
        NonFiniteLossError, match=r"batch 1 \(step 1\): the output of layer 'blocks"
    ):
        trainer(tmp_path, 3).fit(module(network=small), *poisoned(10, 1e9))


def test_where_steps_are_not_asked_the_epoch_is(tmp_path, monkeypatch):
    monkeypatch.setattr(SymmetryModule, "_checks_each_step", False)  # as on a GPU
    message = r"in epoch 0, batch 2: later steps have hidden the cause"
    with pytest.raises(NonFiniteLossError, match=message):
        trainer(tmp_path, 3).fit(module(), *poisoned(21, torch.nan))


def test_a_loss_that_is_not_finite_elsewhere_stops_this_process_too(tmp_path, monkeypatch):
    def reduce(tensor, *args, **kwargs):
        return tensor + torch.nan

    run = trainer(tmp_path, 3)
    monkeypatch.setattr(run.strategy, "reduce", reduce)
    with pytest.raises(
        NonFiniteLossError, match=r"batch 2: finite here, but not on another process"
    ):
        run.fit(module(), data())


def test_a_finite_run_is_not_stopped(tmp_path):
    model, run = fit(tmp_path, 2)
    assert run.current_epoch == 2
    assert torch.isfinite(weights(model)).all()
