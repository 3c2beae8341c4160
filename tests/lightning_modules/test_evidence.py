"""What policies learn of held-out samples while a network is trained."""

import logging
from types import SimpleNamespace

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from small_runs import data, module, trainer, weights
from small_runs import planes as projections
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from softsym.lightning_modules.evidence import Studied, Witness
from softsym.networks import MLP
from softsym.regularizers import Constrain, FunctionRegularizer
from softsym.regularizers.policies import Question
from softsym.symmetries import group
from softsym.symmetries.batches import read_types

GROUPS = {"xy": group("O(2)@xy", dim=3), "yz": group("O(2)@yz", dim=3)}
TYPES = read_types("T1"), read_types("T0")


class Flat(nn.Module):
    """|x|^2 without z: keeps xy, breaks yz."""

    def forward(self, x):
        return x[:, :2].square().sum(1, keepdim=True)


def run_with(x, y, rank_zero=True, **data_settings):
    """A trainer with validation samples."""
    loader = DataLoader(TensorDataset(x, y), 50)
    strategy = SimpleNamespace(broadcast=lambda found: found)
    return SimpleNamespace(
        is_global_zero=rank_zero, strategy=strategy, val_dataloaders=loader,
        datamodule=SimpleNamespace(**data_settings),
    )  # fmt: skip


def samples(n=300):
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(0))
    return x, Flat()(x)


@pytest.mark.parametrize("test", ["regression", "network"])
def test_answers_with_asymmetries_and_verdicts(test):
    x, y = samples()
    asked = Question(("xy", "yz"), test)
    found = Witness().answer(run_with(x, y), Studied(Flat(), TYPES), GROUPS, asked, 0)
    assert found.unexplained < 1e-9
    assert found.asymmetries["xy"].square < 1e-9
    # x_1^2 - x_2^2 has twice the part of 1/2 that O(2)@yz takes off it
    assert found.asymmetries["yz"].square == pytest.approx(2 * 0.25, rel=0.3)
    assert found.asymmetries["yz"].estimate == pytest.approx(0.5, rel=0.2)
    assert found.verdicts["xy"].p_holm > 0.05
    assert found.verdicts["yz"].p_holm < 1e-4


def test_only_what_is_asked_for():
    x, y = samples()
    asked = Question(("yz",))
    found = Witness().answer(run_with(x, y), Studied(Flat(), TYPES), GROUPS, asked, 0)
    assert (list(found.asymmetries), found.verdicts) == (["yz"], {})


def test_no_verdicts_of_a_network_that_explains_nothing():
    x, y = samples()
    asked = Question(("yz",), "network")
    found = Witness().answer(run_with(x, y.flip(0)), Studied(Flat(), TYPES), GROUPS, asked, 0)
    assert found.verdicts == {}


def test_other_ranks_take_the_answer_of_the_first():
    x, y = samples()
    run = run_with(x, y, rank_zero=False)
    run.strategy.broadcast = lambda found: "sent" if found is None else "computed"
    asked = Question(("yz",))
    assert Witness().answer(run, Studied(Flat(), TYPES), GROUPS, asked, 0) == "sent"


def test_says_once_why_there_is_no_answer(caplog):
    x, y = samples(20)
    witness, asked = Witness(), Question(("yz",))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert witness.answer(run_with(x, y), Studied(Flat(), TYPES), GROUPS, asked, 0) is None
    assert len(caplog.records) == 1
    assert "at least 40 samples; got 20" in caplog.text


def test_clusters_and_gaps_of_the_datamodule():
    """Each sample comes in five near copies: without clusters they would count as independent."""
    x, y = (values.repeat_interleave(5, 0) for values in samples(40))
    draw = torch.Generator().manual_seed(1)
    x = x + 1e-3 * torch.randn(x.shape, generator=draw)
    y = y + torch.randn(40, 1, generator=draw).repeat_interleave(5, 0)
    y[0] = float("nan")
    kept = {"splits": {"val": (x, y)}, "partial_targets": True}
    labels = {"val": torch.arange(40).repeat_interleave(5)}

    def p_of(**more):
        run, asked = run_with(x, y, **kept, **more), Question(("yz",), "network")
        return Witness().answer(run, Studied(Flat(), TYPES), GROUPS, asked, 0).verdicts["yz"].p_holm

    assert p_of(clusters=labels) > 100 * p_of()


def planes():
    return {n: FunctionRegularizer(f"O(2)@{n}", 1.0, "2T0 + 2T1", "T2") for n in ("xy", "yz")}


def constrained(folder, epochs, *callbacks, resume=None) -> tuple[nn.Module, Trainer]:
    network = MLP("2T0 + 2T1", "T2", dim=3, channels=32)
    model = module(planes(), policy=Constrain(), network=network)
    run = trainer(folder, epochs, *callbacks)
    run.fit(model, data(samples=120, batch_size=40), ckpt_path=resume)
    return model, run


def test_a_training_prices_the_symmetry_that_holds_and_lets_go_of_the_other(tmp_path):
    model, _ = constrained(tmp_path, 50)
    found = model.tuning.policy.constraints
    assert found["yz"].tolerance > 20 * found["xy"].tolerance
    assert found["xy"].price > 100 * found["yz"].price
    assert found["xy"].asymmetry < 0.1 * found["yz"].asymmetry


def test_weights_start_strong_where_a_regression_does_not_reject(tmp_path):
    symmetries = projections(1.0)
    model, run = module(symmetries, policy=Constrain()), trainer(tmp_path, 1)
    run.fit(model, data(samples=300, batch_size=100))
    first = {name: strength for _, name, strength, _ in model.tuning.history}
    assert first["xy"] * symmetries["xy"].penalty(model, None, None) > 10
    assert first["yz"] == first["o3"] == 0.0


def test_a_resumed_training_is_the_same_bit_for_bit(tmp_path):
    whole, _ = constrained(tmp_path, 5, ModelCheckpoint(tmp_path, "whole"))
    constrained(tmp_path, 3, ModelCheckpoint(tmp_path, "half"))
    kept = ModelCheckpoint(tmp_path, "resumed")
    resumed, _ = constrained(tmp_path, 5, kept, resume=str(tmp_path / "half.ckpt"))
    assert torch.equal(weights(whole), weights(resumed))
    assert whole.tuning.rows == resumed.tuning.rows
    assert whole.tuning.policy.state_dict() == resumed.tuning.policy.state_dict()
