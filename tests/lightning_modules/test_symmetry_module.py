"""The loss, what is logged, and what a checkpoint holds."""

import copy
from functools import partial

import pytest
import torch
from lightning import Callback
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers.logger import Logger
from small_runs import ADAM, data, fit, module, network, planes, trainer, weights
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from softsym.lightning_modules import SymmetryModule
from softsym.metrics import equivariance_error
from softsym.networks import MLP
from softsym.regularizers import AdjustOnce, FunctionRegularizer, ProjectionRegularizer
from softsym.runs.errors import UserError
from softsym.runs.strengths import StrengthRow

ORIGINAL_COMPILE = torch.compile


class Memory(Logger):
    """A logger that remembers."""

    name, version = "memory", 0

    def __init__(self):
        super().__init__()
        self.rows = []

    def log_metrics(self, metrics, step=None):
        self.rows.append(dict(metrics))

    def log_hyperparams(self, *args, **kwargs):
        pass


def bound(model):
    for regularizer in model.regularizers.values():
        regularizer.setup(None, model, "fit")
    return model


def batch():
    source = data()
    source.setup()
    return source.splits["train"]


def test_the_loss_is_the_task_plus_strength_times_penalty():
    model = bound(module(planes(2.0)))
    inputs, targets = batch()
    expected = F.mse_loss(model.network(inputs), targets)
    for regularizer in model.regularizers.values():
        penalty = regularizer.penalty(model, None, None)
        assert penalty > 0
        expected = expected + regularizer.strength * penalty
    torch.testing.assert_close(model.training_step((inputs, targets), 0), expected)


def test_names_come_from_the_mapping():
    model = module(planes())
    assert [r.name for r in model.regularizers.values()] == ["xy", "yz", "o3", "gate", "decay"]
    assert len({c.state_key for c in model.configure_callbacks()}) == 7


def test_strength_zero_equals_the_plain_run(tmp_path):
    watched = {name: r for name, r in planes(0.0).items() if r.group is not None}
    plain, _ = fit(tmp_path, 3)
    watching, _ = fit(tmp_path, 3, regularizers=watched)
    assert torch.equal(weights(plain), weights(watching))
    assert not torch.equal(weights(plain), weights(module()))
    assert all(penalty > 0 for *_, penalty in watching.tuning.history)


def test_a_large_strength_tends_to_the_equivariant_network(tmp_path):
    def final_penalty(strength):
        regularizers = {"o3": ProjectionRegularizer("O(3)", strength)}
        fast = partial(torch.optim.Adam, lr=3e-2)
        model, _ = fit(tmp_path, 40, regularizers=regularizers, optimizer=fast)
        return model.tuning.history[-1][-1]

    free, weak, strong = (final_penalty(s) for s in (0.0, 10.0, 1e4))
    assert free > 50 * weak > 5000 * strong


def test_a_run_repeats_exactly(tmp_path):
    one, other = (fit(tmp_path, 2, regularizers=planes())[0] for _ in range(2))
    assert torch.equal(weights(one), weights(other))


def test_history_has_one_row_for_each_symmetry_and_epoch(tmp_path):
    model, _ = fit(tmp_path, 3, regularizers=planes(), policy=AdjustOnce(2, 1.0))
    history = [StrengthRow(*row) for row in model.tuning.history]
    assert [(row.epoch, row.name) for row in history] == [
        (epoch, name) for epoch in range(3) for name in ("xy", "yz", "o3")
    ]
    assert [row.strength for row in history[:6]] == [1.0, 1.0, 0.0] * 2
    assert {row.strength for row in history[6:8]} != {1.0}


def test_a_checkpoint_keeps_the_plain_network_apart_from_strengths(tmp_path):
    policy = AdjustOnce(2, 1.0)
    model, run = fit(tmp_path, 3, regularizers=planes(), policy=policy)
    run.save_checkpoint(tmp_path / "all.ckpt")
    saved = torch.load(tmp_path / "all.ckpt", weights_only=True)
    assert set(saved["state_dict"]) == {f"network.{key}" for key in model.network.state_dict()}
    network(seed=9).load_state_dict(
        {key.removeprefix("network."): value for key, value in saved["state_dict"].items()}
    )
    strengths = {n: saved["callbacks"][f"Regularizer[{n}]"]["strength"] for n in ("xy", "yz", "o3")}
    assert strengths == {n: model.regularizers[n].strength for n in strengths}
    assert saved["callbacks"]["StrengthTuning"]["policy"] == policy.state_dict()
    assert saved["callbacks"]["StrengthTuning"]["penalties"].shape == (3, 3)


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_resumed_run_ends_as_the_undisturbed(stop, tmp_path):
    settings = {"scheduler": partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=4)}

    def run(folder, epochs, resume=None):
        keep = ModelCheckpoint(folder, "last", save_on_train_epoch_end=True)
        settings["policy"] = AdjustOnce(2, 1.0)
        return fit(folder, epochs, keep, regularizers=planes(), resume=resume, **settings)[0]

    whole = run(tmp_path / "whole", 4)
    run(tmp_path / "parts", stop)
    resumed = run(tmp_path / "parts", 4, resume=str(tmp_path / "parts" / "last.ckpt"))
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.tuning.history == whole.tuning.history


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`, callbacks")
def test_a_checkpoint_of_other_symmetries_is_refused(tmp_path):
    _, run = fit(tmp_path, 1, regularizers=planes())
    run.save_checkpoint(tmp_path / "all.ckpt")
    with pytest.raises(ValueError, match=r"symmetries \['xy', 'yz', 'o3'\], this run has \['xy'\]"):
        fit(
            tmp_path, 2, regularizers={"xy": ProjectionRegularizer("O(2)@xy", 1.0)},
            resume=str(tmp_path / "all.ckpt"),
        )  # fmt: skip


def test_validation_metrics_are_those_of_the_whole_split(tmp_path):
    model, run = fit(tmp_path, 2)
    source = data()
    source.setup()
    inputs, targets = source.splits["val"]
    with torch.no_grad():
        expected = F.mse_loss(model.network(inputs), targets)
    assert run.callback_metrics["val/mse"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_test_measures_network_baselines_and_symmetries(tmp_path):
    baseline = MLP("2T0 + 2T1", "T2", dim=3, channels=4)
    model = module(planes(), baselines={"mlp": baseline})
    source, run = data(eval_batch_size=7), trainer(tmp_path, 1)
    run.fit(model, source)
    (metrics,) = run.test(model, source, verbose=False)
    assert set(metrics) == {
        "test/mse", "test/mlp/mse",
        *(f"test/equivariance_error/{name}" for name in ("xy", "yz", "o3")),
        *(f"test/moved/{name}/mse" for name in ("xy", "yz", "o3")),
    }  # fmt: skip
    inputs, targets = source.splits["test"]
    with torch.no_grad():
        expected = F.mse_loss(baseline(inputs), targets).item()
        error = equivariance_error(model.network, *("2T0 + 2T1", "T2", "O(3)"), inputs)
    assert metrics["test/mlp/mse"] == pytest.approx(expected, rel=1e-5)
    assert metrics["test/equivariance_error/o3"] == pytest.approx(error, abs=0.1)
    assert not any(p.requires_grad and p.grad is not None for p in baseline.parameters())


def test_loggers_are_told_every_few_epochs_and_at_the_end(tmp_path):
    memory = Memory()
    model = module(planes(), log_every_n_epochs=3)
    trainer(tmp_path, 6, logger=memory).fit(model, data())
    rows = [row for row in memory.rows if "train/loss" in row]
    assert [row["epoch"] for row in rows] == [0, 3, 5]
    assert {"train/task_loss", "val/mse", "penalty/xy", "strength/xy", "penalty/gate"} <= set(
        rows[0]
    )
    assert rows[0]["train/loss"] > rows[0]["train/task_loss"]


def test_the_scheduler_steps_once_an_epoch(tmp_path):
    seen = []

    class Watch(Callback):
        def on_train_epoch_start(self, trainer, pl_module):
            seen.append(trainer.optimizers[0].param_groups[0]["lr"])

    fit(tmp_path, 3, Watch(), scheduler=partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5))
    assert seen == pytest.approx([3e-3, 1.5e-3, 0.75e-3])


def test_frozen_weights_are_not_optimised():
    free = network()
    free.head.weight.requires_grad_(False)
    (optimizer,), _ = module(network=free).configure_optimizers()
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    assert id(free.head.weight) not in held
    assert id(free.head.bias) in held


def test_a_regularizer_that_cannot_bind_stops_before_the_training(tmp_path):
    plain = nn.Linear(8, 9)
    with pytest.raises(ValueError, match="'xy' finds no typed layer in Linear"):
        fit(tmp_path, 1, regularizers=planes(), network=plain)


def test_candidates_are_measured_without_a_regularizer(tmp_path):
    plain = MLP("2T0 + 2T1", "T2", dim=3, channels=8)
    model = module(network=plain, candidates={"xy": "O(2)@xy", "so2": "SO(2)@xy"}, dim=3)
    source = data()
    (metrics,) = trainer(tmp_path, 1).test(model, source, verbose=False)
    for name, group in (("xy", "O(2)@xy"), ("so2", "SO(2)@xy")):
        expected = equivariance_error(plain, "2T0 + 2T1", "T2", group, source.splits["test"][0])
        assert metrics[f"test/equivariance_error/{name}"] == pytest.approx(expected, rel=0.5)
        assert expected > 0.01


def test_the_error_of_the_paper_is_logged_as_well_if_asked_for(tmp_path):
    plain, source = MLP("2T0 + 2T1", "T2", dim=3, channels=8), data()
    model = module(network=plain, candidates={"xy": "O(2)@xy"}, dim=3, paper_errors=True)
    (metrics,) = trainer(tmp_path, 1).test(model, source, verbose=False)
    types = "2T0 + 2T1", "T2", "O(2)@xy"
    for kind, to in (("equivariance_error", "spread"), ("paper_equivariance_error", "paper")):
        expected = equivariance_error(plain, *types, source.splits["test"][0], relative_to=to)
        assert metrics[f"test/{kind}/xy"] == pytest.approx(expected, rel=1e-4)


def test_candidates_stand_beside_the_regularized_symmetries():
    model = module(planes(), candidates={"xy": "O(2)@xy", "more": "SO(3)"})
    shown = {name: str(group) for name, group in model.symmetries.items()}
    assert shown == {"xy": "O(2)@xy", "more": "SO(3)", "yz": "O(2)@yz", "o3": "O(3)"}


def test_data_out_of_distribution_are_tested_apart(tmp_path):
    source = data(ood="shift", shift=3.0)
    model = module(baselines={"zero": nn.Linear(8, 9)})
    results = trainer(tmp_path, 1).test(model, source, verbose=False)
    metrics = {name: value for loader in results for name, value in loader.items()}
    for split in ("test", "ood"):
        inputs, targets = source.splits[split]
        for name, f in (("", model.network), ("zero/", model.baselines["zero"])):
            expected = F.mse_loss(f(inputs), targets).item()
            assert metrics[f"{split}/{name}mse"] == pytest.approx(expected, rel=1e-5)
    assert metrics["ood/mse"] != metrics["test/mse"]
    plain = trainer(tmp_path, 1).test(module(), data(), verbose=False)
    assert set(plain[0]) == {"test/mse"}


def test_compiled_training_is_the_same_training(tmp_path, monkeypatch):
    compiled = []

    def compile_by_tracing(function, mode):
        compiled.append(function)
        return ORIGINAL_COMPILE(function, backend="eager")

    monkeypatch.setattr(torch, "compile", compile_by_tracing)
    plain, _ = fit(tmp_path, 3)
    traced, _ = fit(tmp_path, 3, compile=True)
    assert len(compiled) == 1
    torch.testing.assert_close(weights(plain), weights(traced), rtol=1e-3, atol=1e-5)
    assert list(plain.state_dict()) == list(traced.state_dict())


def test_a_copy_of_a_compiled_module_predicts_by_its_own_network(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, mode: function)
    model, _ = fit(tmp_path, 1, compile=True)
    x = batch()[0]
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in copied.network.parameters():
            parameter.zero_()
        torch.testing.assert_close(copied.predict(x), copied.network(x))
        model.network = network(seed=9)
        torch.testing.assert_close(model.predict(x), model.network(x))


def test_settings_of_compiling_are_checked_when_the_module_is_made():
    with pytest.raises(ValueError, match="true, false or auto"):
        module(compile="maybe")
    with pytest.raises(ValueError, match="compile_mode must be one of"):
        module(compile_mode="fast")


class Waits(TorchDispatchMode):
    """Finds the operations that make the host wait for a GPU."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "unique")

    def __init__(self):
        super().__init__()
        self.waits = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        if name.lstrip("_") in {waiting.lstrip("_") for waiting in self.WAITING}:
            self.waits.append(name)
        return function(*args, **(kwargs or {}))


def one_step(model, optimizer, samples, step):
    optimizer.zero_grad()
    model.training_step(samples, step).backward()
    optimizer.step()


def test_the_watch_sees_what_waits():
    with Waits() as watch:
        float(torch.ones(1).sum())
        torch.ones(3).nonzero()
    assert len(watch.waits) == 2


def test_no_step_waits_for_the_device(monkeypatch):
    monkeypatch.setattr(SymmetryModule, "_checks_each_step", False)  # as on a GPU
    model = bound(module(planes(2.0)))
    optimizer = torch.optim.Adam(model.network.parameters(), fused=True)
    samples = batch()
    one_step(model, optimizer, samples, 0)
    with Waits() as watch:
        one_step(model, optimizer, samples, 1)
    assert watch.waits == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU to wait for")
def test_no_step_waits_for_a_gpu():
    model = bound(module(planes(2.0)).cuda())
    optimizer = torch.optim.Adam(model.network.parameters(), fused=True)
    samples = tuple(part.cuda() for part in batch())
    one_step(model, optimizer, samples, 0)
    try:
        torch.cuda.set_sync_debug_mode("error")
        for step in (1, 2):
            one_step(model, optimizer, samples, step)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_metrics_are_in_the_units_of_the_data(tmp_path):
    """Where a datamodule tells the units of its targets, an error of 1 counts as one of them."""

    def error(scale):
        source = data()
        source.target_scale = None if scale is None else torch.full((9,), scale)
        model, run = module(), trainer(tmp_path, 1)
        (metrics,) = run.test(model, source, verbose=False)
        run.validate(model, source, verbose=False)
        return metrics["test/mse"], float(run.callback_metrics["val/mse"])

    plain, scaled = error(None), error(3.0)
    assert scaled == pytest.approx([9 * value for value in plain], rel=1e-4)


def plain_loaders(rep_in="2T1", rep_out="T0"):
    from torch.utils.data import DataLoader, TensorDataset

    x = torch.randn(16, 6, generator=torch.Generator().manual_seed(0))
    loader = DataLoader(TensorDataset(x, x[:, :1]), 8)
    regularizers = {"xy": FunctionRegularizer("O(2)@xy", 1.0, "2T1", "T0")}
    model = SymmetryModule(
        nn.Linear(6, 1), nn.MSELoss(), ADAM, regularizers, rep_in=rep_in, rep_out=rep_out
    )
    return model, loader


def test_plain_loaders_train_test_and_predict(tmp_path):
    model, loader = plain_loaders()
    run = trainer(tmp_path, 1)
    run.fit(model, loader, loader)
    tested = run.test(model, loader, verbose=False)
    assert tested[0]["test/equivariance_error/xy"] > 0
    predicted = torch.cat(run.predict(model, loader))
    assert torch.equal(predicted, model(loader.dataset.tensors[0]))


def test_missing_types_are_said_before_the_test(tmp_path):
    model, loader = plain_loaders(rep_in=None)
    with pytest.raises(UserError, match="rep_in="):
        trainer(tmp_path, 1).test(model, loader, verbose=False)


def test_load_from_checkpoint(tmp_path):
    model, loader = plain_loaders()
    run = trainer(tmp_path, 1)
    run.fit(model, loader, loader)
    run.save_checkpoint(tmp_path / "one.ckpt")
    parts = {"network": nn.Linear(6, 1), "loss": nn.MSELoss(), "optimizer": ADAM}
    again = SymmetryModule.load_from_checkpoint(tmp_path / "one.ckpt", **parts)
    assert torch.equal(again.network.weight, model.network.weight)
