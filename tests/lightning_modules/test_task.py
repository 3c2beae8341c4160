"""Losses of all kinds train, with classes, missing targets and float64."""

import numpy as np
import pytest
import torch
from small_runs import trainer
from torch import nn
from torchmetrics import MeanAbsolutePercentageError, MeanSquaredError, MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from softsym.datamodules.arrays import ArraysDataModule
from softsym.lightning_modules import SymmetryModule
from softsym.lightning_modules.task import link_of, linked, task_loss, update_metrics
from softsym.metrics import BinaryAccuracy, CrossEntropy, CrossEntropyLoss, DistanceLoss
from softsym.networks import MLP
from softsym.regularizers import FunctionRegularizer


@pytest.fixture
def numbers(tmp_path):
    x = np.random.default_rng(0).standard_normal((240, 6))
    label = (np.linalg.norm(x[:, :3], axis=1) > np.linalg.norm(x[:, 3:], axis=1)).astype(int)
    noisy = x[:, :3] - x[:, 3:]
    holes = noisy.copy()
    holes[::5, 1] = np.nan
    holes[0] = np.nan
    names = {"Y": noisy, "label": label[:, None], "share": label[:, None] * 0.8, "holes": holes}
    np.savez(tmp_path / "data.npz", X=x, **names)
    return str(tmp_path / "data.npz")


def trained(data, loss, tmp_path, metrics, epochs=25, **settings):
    network = MLP(str(data.rep_in), str(data.rep_out), dim=3, channels=16, hidden_layers=1)
    module = SymmetryModule(
        network,
        loss,
        lambda p: torch.optim.Adam(p, 1e-2),
        {"turn": FunctionRegularizer("O(3)", 0.01, dim=3)},
        metrics=metrics,
    )
    made = trainer(tmp_path, epochs, **settings)
    made.fit(module, data)
    return module, {k: float(v) for k, v in made.callback_metrics.items()}


def test_labels_stay_whole_numbers_and_metrics_get_probabilities(numbers, tmp_path):
    data = ArraysDataModule(numbers, "2T1", targets="label", target_kind="classes")
    metrics = {"nll": CrossEntropy(), "acc": MulticlassAccuracy(2, average="micro")}
    loss = CrossEntropyLoss(class_weights=[1.0, 2.0])
    module, values = trained(data, loss, tmp_path, metrics, epochs=80)
    assert str(data.rep_out) == "2T0"
    assert data.splits["train"][1].dtype == torch.int64
    assert data.splits["train"][1].ndim == 1
    assert values["val/acc"] > 0.8
    x, y = data.splits["val"]
    logits = module.network(x).detach()
    assert values["val/nll"] == pytest.approx(float(nn.functional.cross_entropy(logits, y)), 1e-3)
    assert torch.equal(data.vectors(y).argmax(1), y)
    assert torch.allclose(link_of(loss)(logits).sum(1), torch.ones(len(y)))


@pytest.mark.parametrize(
    ("loss", "targets", "kind"),
    [
        (nn.L1Loss(), "Y", "numbers"),
        (nn.HuberLoss(), "Y", "numbers"),
        (DistanceLoss(3), "Y", "numbers"),
        (nn.BCEWithLogitsLoss(), "share", "shares"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_each_loss_trains(loss, targets, kind, numbers, tmp_path):
    out = "T1" if targets == "Y" else "T0"
    data = ArraysDataModule(numbers, "2T1", out, targets=targets, target_kind=kind)
    _, values = trained(data, loss, tmp_path, {"mse": MeanSquaredError()})
    data.setup()
    y = data.splits["val"][1] * (1 if data.target_scale is None else data.target_scale)
    assert values["val/mse"] < 0.6 * float(y.var(0).mean())


def test_missing_targets_are_left_out_of_loss_and_metrics(numbers, tmp_path):
    with pytest.raises(ValueError, match=r"row 0, column 0 of the targets is nan.*missing=mask"):
        ArraysDataModule(numbers, "2T1", "T1", targets="holes")
    data = ArraysDataModule(numbers, "2T1", "T1", targets="holes", missing="mask")
    _, values = trained(data, nn.MSELoss(), tmp_path, {"mse": MeanSquaredError()})
    assert sum(len(y) for _, y in data.splits.values()) == 239
    assert any(y.isnan().any() for _, y in data.splits.values())
    assert values["val/mse"] < 0.5


def test_means_are_undone_for_predictions_and_metrics_that_see_them(tmp_path):
    x = np.random.default_rng(0).standard_normal((240, 3))
    np.savez(tmp_path / "far.npz", X=x, Y=1000 + (x**2).sum(1))
    data = ArraysDataModule(str(tmp_path / "far.npz"), "T1", "T0")
    metrics = {"mse": MeanSquaredError(), "mape": MeanAbsolutePercentageError()}
    module, values = trained(data, nn.MSELoss(), tmp_path, metrics)
    assert values["val/mape"] < 0.01
    predicted = module.predict_step(data.splits["val"]).detach()
    y = data.splits["val"][1].double() * data.target_scale + data.target_mean
    assert values["val/mape"] == pytest.approx(float(((predicted - y) / y).abs().mean()), 1e-3)
    assert values["val/mse"] == pytest.approx(float((predicted - y).square().mean()), 1e-3)


def test_nested_logits_become_probabilities():
    zero = torch.zeros(2, 4)
    made = linked(nn.Softmax(-1), {"a": zero, "b": (zero, zero)})
    assert torch.equal(made["a"], zero + 0.25)
    assert torch.equal(made["b"][1], zero + 0.25)


def test_what_mixes_the_numbers_of_a_sample_gets_whole_samples():
    prediction, targets = torch.ones(2, 2), torch.tensor([[1.0, torch.nan], [3.0, 3.0]])
    assert float(task_loss(nn.MSELoss(), prediction, targets, True)) == pytest.approx(8 / 3)
    rows = lambda p, t: (p - t).square().sum(-1).mean()  # noqa: E731
    assert float(task_loss(rows, prediction, targets, True)) == pytest.approx(8.0)
    assert float(task_loss(rows, prediction, targets * torch.nan, True)) == 0


def test_float64_is_kept_from_the_file_to_the_metric(tmp_path):
    x = np.random.default_rng(0).standard_normal((240, 3))
    np.savez(tmp_path / "large.npz", X=x, Y=1e200 * x)
    path = str(tmp_path / "large.npz")
    with pytest.raises(ValueError, match=r"trainer.precision=64-true"):
        ArraysDataModule(path, "T1", "T1").setup()
    with pytest.raises(ValueError, match=r"larger than float32 can be.*64-true"):
        ArraysDataModule(path, "T1", "T1", standardize=False).setup()
    np.savez(tmp_path / "fine.npz", X=x, Y=1e20 * x)
    data = ArraysDataModule(str(tmp_path / "fine.npz"), "T1", "T1", dtype="float64")
    metrics = {"mse": MeanSquaredError()}
    module, values = trained(data, nn.MSELoss(), tmp_path, metrics, precision="64-true")
    assert data.splits["train"][0].dtype == torch.float64
    assert next(module.network.parameters()).dtype == torch.float64
    assert 0 < values["val/mse"] < 1e40  # more than float32 holds, and still a number


def test_shares_that_are_known_count_each_by_itself():
    logits = torch.tensor([[0.5, 2.0], [-1.0, 0.0]])
    targets = torch.tensor([[1.0, torch.nan], [0.0, torch.nan]])
    loss = nn.BCEWithLogitsLoss()
    expected = float(loss(logits[:, 0], targets[:, 0]))
    assert float(task_loss(loss, logits, targets, True)) == pytest.approx(expected)
    metrics = MetricCollection({"nll": CrossEntropy(), "acc": BinaryAccuracy()})
    update_metrics(metrics, link_of(loss)(logits), targets, True)
    assert float(metrics.compute()["nll"]) == pytest.approx(expected)
    assert float(metrics.compute()["acc"]) == 1.0
