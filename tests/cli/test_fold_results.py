"""The predictor that a fold is tested with, and what its record says."""

from __future__ import annotations

import pytest
import torch

from softsym.cli import fold_results
from softsym.cli.fold_results import fold_record, sharper, source_of_verdicts
from softsym.datamodules.base import TensorDataModule
from softsym.datamodules.environment_folds import EnvironmentFold
from softsym.metrics import symmetry_test
from softsym.symmetries import group

TURN = {"turn": group("SO(2)")}


class Pushed(TensorDataModule):
    """Vectors that are pushed along x."""

    def __init__(self):
        super().__init__("T1", "T1", 2, 10)
        draw = torch.Generator().manual_seed(0)
        self.x = torch.randn(200, 2, generator=draw)
        noise = 0.1 * torch.randn(200, 2, generator=draw)
        self.y = self.x + torch.tensor([1.5, 0.0]) * self.x[:, :1] + noise
        self.fold = EnvironmentFold(1, [["a"], ["b", "c"], ["d"]])

    def load(self):
        return {}


@pytest.fixture
def data():
    return Pushed()


def chosen(data, model):
    test = symmetry_test(data.x, data.y, TURN, "T1", "T1", model=model)
    return sharper(test, (data.x, data.y, None), TURN, data)


def test_what_explains_the_environments_better_tests_them(data):
    blind = chosen(data, lambda x: x)  # knows nothing of the push, which other environments lack
    assert blind.settings["predictor"] == "kernel ridge regression"
    assert blind["turn"].verdict.startswith("broken")
    knowing = chosen(data, lambda x: x * torch.tensor([2.5, 1.0]))
    assert knowing.settings["predictor"] == "the given model"


def test_too_few_samples_for_a_regression_leave_the_model(data, monkeypatch, caplog):
    monkeypatch.setattr(fold_results, "REGRESSED", 10)
    assert chosen(data, lambda x: x).settings["predictor"] == "the given model"
    assert "tested with the model alone" in caplog.text


def test_the_record_names_the_environments(data):
    assert fold_record(data) == {"fold": {"number": 1, "of": 3, "environments": ["b", "c"]}}
    assert source_of_verdicts(data) == "the environments that this fold held out"
    data.fold = EnvironmentFold(None, data.fold.folds)
    assert fold_record(data) == {}
    assert "pooled" in source_of_verdicts(data)
    data.fold = None
    assert fold_record(data) == {}
    assert source_of_verdicts(data) == "validation and test"
