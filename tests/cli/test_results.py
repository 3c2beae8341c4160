"""Samples for the pictures: spread, in metres, and moved by the candidate symmetries."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from softsym.cli import results
from softsym.cli.results import (
    ELEMENTS_SHOWN,
    RunResult,
    held_out_test,
    moved_predictions,
    predictions,
    verdict_records,
    what_penalties_measure,
)
from softsym.datamodules.base import TensorDataModule
from softsym.datamodules.environment_folds import EnvironmentFold
from softsym.networks import MLP, ConstantVelocity
from softsym.regularizers import FunctionRegularizer, ProjectionRegularizer, WeightDecay
from softsym.symmetries import group

HISTORY, FUTURE = 4, 3


class Tracks(TensorDataModule):
    """Walks in the plane, with three numbers beside the path that say nothing."""

    def __init__(self, samples=40, scale=None):
        super().__init__(f"{HISTORY}T1 + 3T0", f"{FUTURE}T1", 2, 10)
        draw = torch.Generator().manual_seed(0)
        self.target_scale = scale
        walk = torch.randn(samples, HISTORY + FUTURE, 2, generator=draw).cumsum(1)
        walk = walk - walk[:, HISTORY - 1 : HISTORY]
        inputs = torch.cat([walk[:, :HISTORY].flatten(1), torch.zeros(samples, 3)], 1)
        self.splits = {"test": (inputs, walk[:, HISTORY:].flatten(1))}

    def load(self):
        return self.splits

    def observed_path(self, inputs):
        return 10 * inputs[:, : HISTORY * 2]


class Extrapolating(nn.Module):
    """Constant velocity, and a push along x that breaks rotations; linear otherwise."""

    def __init__(self, push=0.0, dropout=0.0):
        super().__init__()
        self.velocity = ConstantVelocity(HISTORY, FUTURE, 2)
        self.push = nn.Parameter(torch.tensor(push))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        away = self.push * torch.tensor([1.0, 0.0], dtype=self.push.dtype).repeat(FUTURE)
        return self.dropout(self.velocity(x[:, : HISTORY * 2]) + away)


class Module(nn.Module):
    device = torch.device("cpu")

    def __init__(self, network, **symmetries):
        super().__init__()
        self.network, self.baselines = network, nn.ModuleDict({"same": Extrapolating()})
        self.link = nn.Identity()
        self.symmetries = {name: group(text, 2) for name, text in symmetries.items()}


def found(network, datamodule=None, **symmetries):
    fake_trainer = SimpleNamespace(fast_dev_run=False)
    return RunResult(Module(network, **symmetries), datamodule or Tracks(), fake_trainer, (), {})


def test_an_equivariant_network_gives_one_path():
    run = found(Extrapolating(), turn="SO(2)", mirror="Reflect(2)", scale="Scaling(2)")
    shown = predictions(run, 2)
    assert list(shown.moved) == ["turn", "mirror", "scale"]
    plain = shown.outputs[shown.moved_samples][:, None]
    for answers in shown.moved.values():
        assert answers.shape == (3, ELEMENTS_SHOWN, 2 * FUTURE)
        np.testing.assert_allclose(answers, np.broadcast_to(plain, answers.shape), atol=1e-5)


def test_a_push_is_carried_back_by_the_inverse():
    run = found(Extrapolating(push=2.0), turn="SO(2)", mirror="Reflect(2)", other="Reflect(2, 1)")
    shown = predictions(run, 2)
    plain = shown.outputs[shown.moved_samples][:, None]
    apart = {name: (a - plain).reshape(3, -1, FUTURE, 2) for name, a in shown.moved.items()}
    # R^-1 (p + v) - (p + v) of a push v lies on a circle around -v
    np.testing.assert_allclose(np.linalg.norm(apart["turn"] + [2.0, 0.0], axis=-1), 2.0, rtol=1e-4)
    moved = {name: {round(float(v), 3) for v in a[..., 0].flat} for name, a in apart.items()}
    assert sorted(map(sorted, ({abs(v) for v in moved[n]} for n in ("mirror", "other")))) == [
        [0.0], [0.0, 4.0]
    ]  # fmt: skip


def test_numbers_are_in_metres():
    scale = torch.tensor([2.0, 3.0], dtype=torch.float64).repeat(FUTURE)
    run = found(Extrapolating(push=1.0), Tracks(scale=scale), turn="SO(2)")
    scaled, bare = predictions(run, 2), predictions(found(run.module.network, turn="SO(2)"), 2)
    assert scaled.inputs.shape == (40, 2 * HISTORY)
    np.testing.assert_allclose(scaled.inputs, 10 * Tracks().splits["test"][0][:, :-3])
    for name in ("targets", "outputs"):
        np.testing.assert_allclose(getattr(scaled, name), getattr(bare, name) * scale.numpy())
    np.testing.assert_allclose(scaled.baselines["same"], bare.baselines["same"] * scale.numpy())
    assert scaled.outputs.dtype == np.float32
    again = moved_predictions(
        run, run.module.symmetries["turn"],
        run.datamodule.splits["test"][0][torch.from_numpy(scaled.moved_samples)], ELEMENTS_SHOWN,
    )  # fmt: skip
    np.testing.assert_allclose(scaled.moved["turn"], again * scale, rtol=1e-6)


def test_samples_are_neither_the_best_nor_the_worst():
    shown = predictions(found(Extrapolating(), turn="SO(2)"), 2)
    errors = np.abs(shown.outputs - shown.targets).mean(axis=1)
    chosen = errors[shown.moved_samples]
    assert errors.min() < chosen.min() < chosen.max() < errors.max()
    few = predictions(found(Extrapolating(), Tracks(samples=2), turn="SO(2)"), 2)
    assert sorted(few.moved_samples) == [0, 1]


def test_no_scenes_are_moved_where_samples_are_no_tracks():
    shown = predictions(found(Extrapolating(), turn="SO(2)"), None)
    assert shown.moved == {}


def test_dropout_is_off():
    run = found(Extrapolating(push=1.0, dropout=0.5).train(), turn="SO(2)")
    first, second = predictions(run, 2), predictions(run, 2)
    np.testing.assert_array_equal(first.outputs, second.outputs)
    np.testing.assert_array_equal(first.moved["turn"], second.moved["turn"])


def test_a_network_in_double_precision():
    network = MLP(f"{HISTORY}T1 + 3T0", f"{FUTURE}T1", 2, 8, 1).double()
    shown = predictions(found(network, turn="SO(2)"), 2)
    assert shown.moved["turn"].dtype == shown.outputs.dtype == np.float32


@pytest.mark.parametrize("elements", [1, 5])
def test_elements_are_drawn_from_the_seed(elements):
    run = found(Extrapolating(push=1.0))
    x = run.datamodule.splits["test"][0][:2]
    one, same, other = (moved_predictions(run, group("SO(2)"), x, elements, s) for s in (0, 0, 1))
    assert one.shape == (2, elements, 2 * FUTURE)
    assert one.dtype == torch.float64
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)


class Labelled(Tracks):
    """Windows of tracks: val and test hold a copy of each walk, whose label is its number."""

    def __init__(self, tracks, windows=5, **settings):
        super().__init__(samples=2 * tracks, **settings)
        inputs, targets = (part.repeat_interleave(windows, 0) for part in self.splits["test"])
        label = torch.arange(2 * tracks).repeat_interleave(windows)
        half = {"val": slice(0, tracks * windows), "test": slice(tracks * windows, None)}
        self.splits = {name: (inputs[part], targets[part]) for name, part in half.items()}
        self.clusters = {name: label[part] for name, part in half.items()}


def test_held_out_samples_are_clustered_by_their_labels():
    run = found(Extrapolating(push=0.1), Labelled(tracks=30), turn="SO(2)")
    for x, _ in run.datamodule.splits.values():
        # samples that are wholly alike count as one anyway
        x.add_(1e-3 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0)))
    test, untested = held_out_test(run)
    record = verdict_records(run, test, untested)["turn"]
    assert (record["clusters"], record["n"]) == (60, 300)
    run.datamodule.clusters = None
    assert held_out_test(run)[0]["turn"].clusters == 300


def test_labels_stay_with_their_samples(monkeypatch):
    seen = {}

    def spy(x, y, *_, clusters, **__):
        seen.update(x=x, clusters=clusters)
        raise ValueError("seen")

    monkeypatch.setattr(results, "symmetry_test", spy)
    monkeypatch.setattr(results, "HELD_OUT", 17)
    data = Labelled(tracks=30)
    data.partial_targets = True
    for _, targets in data.splits.values():
        targets[::3] = float("nan")
    held_out_test(found(Extrapolating(), data, turn="SO(2)"))
    walks = torch.cat([inputs[::5] for inputs, _ in data.splits.values()])
    assert len(seen["x"]) == 2 * 17
    assert torch.equal(seen["x"], walks[seen["clusters"]])


def test_a_fold_is_tested_on_its_environments_alone():
    data, truth = Tracks(samples=200), Extrapolating(push=2.0)
    x, _ = data.splits["test"]
    noise = 0.1 * torch.randn(200, 2 * FUTURE, generator=torch.Generator().manual_seed(1))
    data.splits = dict.fromkeys(("val", "test"), (x, truth(x).detach() + noise))
    data.fold = EnvironmentFold(0, [["a"], ["b"], ["c"]])
    # the model knows nothing of the push, which other environments lack
    run = found(Extrapolating(), data, turn="SO(2)")
    test, _ = held_out_test(run)
    assert test["turn"].verdict.startswith("broken")
    assert test["turn"].n == 200  # of the held-out samples alone
    assert test.settings["predictor"] == "kernel ridge regression"


def test_too_few_tracks_get_no_verdict():
    run = found(Extrapolating(), Labelled(tracks=4, windows=10), turn="SO(2)")
    test, untested = held_out_test(run)
    record = verdict_records(run, test, untested)["turn"]
    assert record["verdict"].startswith("no verdict: A symmetry test needs at least 10 clusters; ")
    assert "got 8 in 80 samples" in record["verdict"]
    assert (record["p"], record["clusters"]) == (None, 0)


def test_a_try_of_one_batch_tests_few_samples(monkeypatch):
    seen = []

    def spy(x, *_, **__):
        seen.append(len(x))
        raise ValueError("seen")

    monkeypatch.setattr(results, "symmetry_test", spy)
    monkeypatch.setattr(results, "HELD_OUT_FAST", 7)
    run = found(Extrapolating(), Labelled(tracks=30), turn="SO(2)")
    for run.trainer.fast_dev_run in (False, True, 1):
        held_out_test(run)
    assert seen == [300, 14, 14]


def test_what_penalties_are_is_said_once():
    def module(*regularizers):
        return SimpleNamespace(regularizers={r.name: r for r in regularizers})

    planes = [FunctionRegularizer(name, 1.0, name=name) for name in ("O(2)@xy", "O(2)@yz")]
    alike = what_penalties_measure(module(*planes, WeightDecay(1.0)))
    assert alike.startswith("The penalty is the relative asymmetry of the function: ")
    assert alike.count("The penalty") == 1
    mixed = what_penalties_measure(module(*planes, ProjectionRegularizer("O(3)", 1.0, name="p")))
    assert "The penalty of O(2)@xy and O(2)@yz is the relative asymmetry" in mixed
    assert "The penalty of p is half the squared distance of the weights" in mixed
