"""Losses and metrics of several heads."""

import pytest
import torch
from torch import nn
from torchmetrics import MeanSquaredError, MetricCollection

from softsym.metrics import HeadLosses, HeadMetrics
from softsym.metrics.heads import nested_loss

ONE, ZERO = torch.ones(4, 1), torch.zeros(4, 1)


def test_the_loss_is_summed_over_heads():
    prediction = {"a": ONE, "b": (2 * ONE, ONE), "unused": ONE}
    target = {"a": ZERO, "b": (ZERO, ZERO)}
    assert float(nested_loss(nn.MSELoss(), prediction, target)) == 1 + 4 + 1
    assert float(nested_loss(nn.MSELoss(), ONE, ZERO)) == 1


def test_heads_have_losses_and_weights_of_their_own():
    loss = HeadLosses({"a": nn.MSELoss(), "b": nn.L1Loss()}, {"b": 0.5})
    assert float(nested_loss(loss, {"a": 2 * ONE, "b": 3 * ONE}, {"a": ZERO, "b": ZERO})) == 5.5
    with pytest.raises(ValueError, match=r"There is a loss of b, but the targets have a"):
        loss({"a": ONE}, {"a": ZERO})
    with pytest.raises(ValueError, match="weights name c, but the losses are of a"):
        HeadLosses({"a": nn.MSELoss()}, {"c": 1.0})


def test_metrics_of_heads_and_their_mean():
    metrics = HeadMetrics(MetricCollection({"mse": MeanSquaredError()}), "val/")
    for scale in (1.0, 3.0):
        metrics.update({"a": scale * ONE, "b": {"c": ZERO}}, {"a": ZERO, "b": {"c": ZERO}})
    values = {name: float(value) for name, value in metrics.compute().items()}
    assert values == {"val/mse": 2.5, "val/a/mse": 5.0, "val/b/c/mse": 0.0}
    metrics.reset()
    metrics.update({"a": ONE, "b": {"c": ONE}}, {"a": ZERO, "b": {"c": ZERO}})
    assert float(metrics.compute()["val/mse"]) == 1.0
    assert list(metrics) == ["val/mse"]


def test_one_tensor_is_no_head():
    metrics = HeadMetrics(MetricCollection({"mse": MeanSquaredError()}), "val/")
    metrics.update(2 * ONE, ZERO)
    assert {name: float(value) for name, value in metrics.compute().items()} == {"val/mse": 4.0}


def test_a_head_that_is_not_predicted_is_named():
    with pytest.raises(ValueError, match=r"have 'b', which the predictions lack.*returns a"):
        nested_loss(nn.MSELoss(), {"a": ONE}, {"a": ZERO, "b": ZERO})
