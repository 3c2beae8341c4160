"""Symmetries for LightningModules that know nothing of them."""

from __future__ import annotations

import csv
import json
import os
import pickle
import warnings
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from lightning import LightningModule
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.plugins.environments import TorchElasticEnvironment
from small_runs import trainer as small_trainer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from softsym import (
    AdjustOnce,
    FunctionRegularizer,
    ProjectionRegularizer,
    Symmetries,
    SymmetryModule,
    TypedLinear,
    rep,
)
from softsym.regularizers import Constrain, Fixed, Regularizer, StrengthTuning
from softsym.runs.errors import UserError

CANDIDATES = {"xy": "O(2)@xy", "yz": "O(2)@yz"}
TYPES = {"rep_in": "2T1", "rep_out": "T0", "dim": 3}


class Plain(LightningModule):
    """What somebody has written before."""

    def __init__(self, returns="tensor"):
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(6, 8), nn.SiLU(), nn.Linear(8, 1))
        self.returns = returns

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.mse_loss(self(x), y)
        return {"loss": loss, "extra": 1} if self.returns == "dict" else loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-2)


class Manual(Plain):
    """Two optimizers, stepped by hand."""

    def __init__(self, explicit):
        super().__init__()
        self.automatic_optimization, self.explicit = False, explicit

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.mse_loss(self(x), y)
        if self.explicit:
            loss = loss + self.trainer.symmetries.penalty()
        for optimizer in self.optimizers():
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in self.optimizers():
            optimizer.step()

    def configure_optimizers(self):
        return [torch.optim.SGD(part.parameters(), lr=1e-2) for part in (self.net[0], self.net[2])]


def loader(batch=8, samples=32, rank=0, ranks=1):
    x = torch.randn(samples, 6, generator=torch.Generator().manual_seed(1))
    x = x[rank::ranks]
    return DataLoader(TensorDataset(x, x[:, :2].square().sum(1, keepdim=True)), batch)


def symmetries(strength=3.0, **settings):
    return Symmetries(CANDIDATES, strength, **TYPES | settings)


def fit(folder, module, *callbacks, epochs=2, resume=None, data=None, **settings):
    run = small_trainer(folder, epochs, *callbacks, **settings)
    run.fit(module, data or loader(), ckpt_path=resume)
    return run


def weights(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


@pytest.fixture
def expected(tmp_path):
    module, added = Plain(), symmetries()
    fit(tmp_path / "expected", module, added)
    return weights(module), added.history


@pytest.mark.filterwarnings("ignore:You defined a .validation_step")
def test_it_trains_like_a_symmetry_module(tmp_path, expected):
    regularizers = {n: FunctionRegularizer(G, 3.0, **TYPES) for n, G in CANDIDATES.items()}
    adam = partial(torch.optim.Adam, lr=1e-2)
    module = SymmetryModule(Plain().net, nn.MSELoss(), adam, regularizers)
    run = small_trainer(tmp_path, 2)
    run.fit(module, loader())
    assert torch.equal(weights(module), expected[0])
    assert module.tuning.history == expected[1]


@pytest.mark.parametrize("settings", [{"network": "net"}, {"kind": "lie"}])
def test_the_network_may_be_an_attribute_and_the_kind_another(tmp_path, expected, settings):
    module = Plain()
    fit(tmp_path, module, symmetries(**settings))
    assert torch.equal(weights(module), expected[0]) is ("network" in settings)


def test_a_step_may_return_a_dict(tmp_path, expected):
    module = Plain("dict")
    fit(tmp_path, module, symmetries())
    assert torch.equal(weights(module), expected[0])


def test_strength_zero_watches(tmp_path):
    watched, alone, added = Plain(), Plain(), symmetries(0.0)
    fit(tmp_path, watched, added)
    fit(tmp_path, alone)
    assert torch.equal(weights(watched), weights(alone))
    assert all(penalty > 0 for _, _, _, penalty in added.history)


def test_a_large_strength_gives_the_symmetry(tmp_path):
    free, held = symmetries(0.0), symmetries(100.0)
    for added in (free, held):
        fit(tmp_path, Plain(), added, epochs=20)
    assert held.history[-2][3] < 0.1 * free.history[-2][3]


def test_manual_optimisation_asks_for_the_explicit_call(tmp_path):
    with pytest.raises(UserError, match=r"self\.trainer\.symmetries\.penalty\(\)"):
        fit(tmp_path, Manual(explicit=False), symmetries())


def test_manual_optimisation_with_several_optimizers(tmp_path):
    module, plain, added = Manual(explicit=True), Manual(explicit=True), symmetries()
    fit(tmp_path, module, added)
    fit(tmp_path, plain, symmetries(0.0))
    assert not torch.allclose(weights(module), weights(plain))
    assert [name for _, name, _, _ in added.history] == ["xy", "yz"] * 2


def test_accumulated_gradients_and_bf16(tmp_path):
    settings = {"accumulate_grad_batches": 2, "precision": "bf16-mixed"}
    module, plain, added = Plain(), Plain(), symmetries()
    fit(tmp_path, module, added, **settings)
    run = fit(tmp_path, plain, **settings)
    assert run.global_step == 4
    assert weights(module).isfinite().all()
    assert not torch.allclose(weights(module), weights(plain))


class Size(Regularizer):
    """The mean square of the predictions, in which nothing is random."""

    def __init__(self):
        super().__init__(3.0)

    def bind(self, network):
        pass

    def penalty(self, module, batch, prediction):
        return prediction.square().mean()


PENALTIES = {"size": lambda: Symmetries({"size": Size()}), "function": symmetries}


def share(rank, folder, kind):
    """One of two processes that share the batches."""
    torch.set_num_threads(1)
    where = f"file://{folder}/meeting"
    dist.init_process_group("gloo", where, rank=rank, world_size=2)
    os.environ |= {"WORLD_SIZE": "2", "RANK": str(rank), "LOCAL_RANK": str(rank)}
    module, added = Plain(), PENALTIES[kind]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        two = {"strategy": "ddp", "devices": 2, "plugins": [TorchElasticEnvironment()]}
        logger = CSVLogger(folder) if rank == 0 else False
        two["use_distributed_sampler"] = False  # it would shuffle
        fit(folder, module, added, data=loader(4, rank=rank, ranks=2), logger=logger, **two)
    if rank == 0:
        torch.save(weights(module), Path(folder, "done.pt"))
    dist.barrier()
    os._exit(0)  # taking gloo's threads down can wait for Python, which waits for them


@pytest.mark.parametrize("kind", PENALTIES)
def test_two_processes_do_what_one_does(tmp_path, kind):
    mp.start_processes(share, (str(tmp_path), kind), nprocs=2, start_method="fork")
    module, alone = Plain(), tmp_path / "one"
    x, y = loader().dataset.tensors
    # each batch in the order of the processes, which share its random elements
    order = torch.arange(32).reshape(-1, 4, 2).mT.flatten()
    data = DataLoader(TensorDataset(x[order], y[order]), 8)
    fit(alone, module, PENALTIES[kind](), logger=CSVLogger(alone), data=data)
    shared = torch.load(tmp_path / "done.pt")
    torch.testing.assert_close(shared, weights(module), rtol=1e-4, atol=1e-6)
    rows = [logged(folder) for folder in (tmp_path, alone)]
    for two, one in zip(*rows, strict=True):
        for name in (name for name in one if name.startswith("penalty/")):
            assert float(two[name]) == pytest.approx(float(one[name]), rel=1e-4)


def logged(folder):
    with (folder / "lightning_logs/version_0/metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_logs_have_the_names_of_the_symmetry_module(tmp_path):
    logger = CSVLogger(tmp_path)
    fit(tmp_path, Plain(), symmetries(), logger=logger)
    names = {"penalty/xy", "strength/yz", "train/loss", "train/task_loss"}
    assert names <= logged(tmp_path)[0].keys()


def test_a_resumed_training_is_the_same_bit_for_bit(tmp_path):
    def run(epochs, resume=None):
        module, added = Plain(), symmetries(policy=AdjustOnce(epoch=2, exponent=2.0))
        keep = ModelCheckpoint(tmp_path, f"{epochs}", save_top_k=-1)
        fit(tmp_path, module, added, keep, epochs=epochs, resume=resume)
        return module, added

    whole, first = run(4)
    run(1)
    again, second = run(4, tmp_path / "1.ckpt")
    assert torch.equal(weights(whole), weights(again))
    assert first.history == second.history
    assert first.strengths == second.strengths
    assert len(set(first.strengths.values())) == 2  # the policy has set them apart


def test_the_module_is_left_as_it_was(tmp_path):
    module = Plain()
    fit(tmp_path, module, symmetries())
    assert "training_step" not in vars(module)
    assert not module._forward_hooks
    pickle.dumps(module.net)
    with pytest.raises(UserError):
        fit(tmp_path, broken := Manual(explicit=False), symmetries())
    assert "training_step" not in vars(broken)


def test_verdicts_use_the_trained_network(tmp_path):
    added = symmetries()
    with pytest.raises(UserError, match="fit"):
        added.verdicts(torch.zeros(4, 6), torch.zeros(4, 1))
    fit(tmp_path, Plain(), added, epochs=40, data=loader(40, 400))
    x = torch.randn(400, 6, generator=torch.Generator().manual_seed(2))
    tested = added.verdicts(x, x[:, :2].square().sum(1, keepdim=True))
    assert list(tested) == ["xy", "yz"]
    assert tested["yz"].p < tested["xy"].p


class Validated(Plain):
    """Also validates, so that the trainer has held-out data."""

    def validation_step(self, batch, batch_idx):
        self.log("val", nn.functional.mse_loss(self(batch[0]), batch[1]))


@pytest.fixture
def said(monkeypatch):
    """What the callback prints, line by line."""
    lines = []
    name = "softsym.lightning_modules.callbacks.symmetry_table.rank_zero_info"
    monkeypatch.setattr(name, lambda text: lines.extend(text.splitlines()))
    return lines


def test_a_policy_may_ask_held_out_data(tmp_path):
    added = symmetries(policy=Constrain())
    small_trainer(tmp_path, 3, added).fit(Validated(), loader(40, 80), loader(64, 100))
    found = added.tuning.policy.constraints
    assert list(found) == ["xy", "yz"]
    assert found["yz"].tolerance > 5 * found["xy"].tolerance  # a regression rejects it
    assert len(added.tuning.constraints) == len(added.history)


def test_a_fit_ends_with_the_table_and_the_verdicts(tmp_path, said):
    added, module = symmetries(), Validated()
    run = small_trainer(tmp_path, 4, added, logger=CSVLogger(tmp_path))
    run.fit(module, loader(40, 80), loader(64, 100))
    assert said[1].split() == ["symmetry", "group", "strength", "penalty", "measured"]
    assert said[2].startswith("xy        O(2)@xy  3         ")
    assert said[2].endswith("the network as a function")
    assert list(added.tested) == ["xy", "yz"]
    assert added.tested["yz"].n == 100
    assert str(added.tested) in "\n".join(said)
    written = json.loads(Path(run.logger.log_dir, "verdicts.json").read_text())
    assert written == json.loads(json.dumps(added.tested.to_dict()))


def test_a_fit_does_not_fail_for_want_of_verdicts(tmp_path, said):
    class Odd(Validated):
        def validation_step(self, batch, batch_idx):
            pass

    added = Symmetries({"size": Size()}, **TYPES)
    small_trainer(tmp_path, 1, added).fit(Odd(), loader(), loader())
    assert said[-1] == "No verdicts: There is no symmetry among the regularizers to test."
    added = symmetries()
    added.verdicts = lambda *_: {}["nothing"]
    small_trainer(tmp_path, 1, added).fit(Odd(), loader(), loader())
    assert said[-1] == "No verdicts: KeyError: 'nothing'"
    small_trainer(tmp_path, 1, added := symmetries(test=False)).fit(Odd(), loader(), loader())
    assert said[-1].startswith("yz")
    assert added.tested is None


def test_a_fit_without_held_out_data_says_so(tmp_path, said):
    kept = {"weights": ProjectionRegularizer("O(2)@xy", 1.0, dim=3), "size": Size()}
    module, added = Plain(), Symmetries(kept, **TYPES)
    module.net[0] = TypedLinear(rep("2T1"), rep("8T0"), 3)
    fit(tmp_path, module, added, epochs=1)
    assert said[2].split()[:3] == ["weights", "O(2)@xy", "1"]
    assert "2 of 4 weight tensors" in said[2]
    assert said[3].split()[:4] == ["size", "Size", "3", "-"]
    assert said[4] == "No verdicts: the trainer has no validation data; call verdicts(x, y)"
    assert added.tested is None


@pytest.mark.filterwarnings("ignore:You defined a .validation_step")
def test_what_does_not_fit_is_said(tmp_path):
    class Inner(Plain):
        def training_step(self, batch, batch_idx):
            return self.net(batch[0]).square().mean()

    with pytest.raises(UserError, match=r"not called self\(x\).*'net'"):
        fit(tmp_path, Inner(), symmetries())
    with pytest.raises(UserError, match="It has: net"):
        fit(tmp_path, Plain(), symmetries(network="body"))
    with pytest.raises(ValueError, match="function, lie, projection"):
        symmetries(kind="weights")
    with pytest.raises(UserError, match="takes its regularizers itself"):
        fit(tmp_path, SymmetryModule(Plain().net, nn.MSELoss(), torch.optim.Adam), symmetries())


def test_regularizers_alone_are_refused_as_callbacks(tmp_path):
    regularizer = FunctionRegularizer("O(2)@xy", 1.0, **TYPES)
    for lone in (regularizer, StrengthTuning(Fixed(), {"xy": regularizer})):
        with pytest.raises(ValueError, match=r"softsym\.Symmetries"):
            fit(tmp_path, Plain(), lone)
