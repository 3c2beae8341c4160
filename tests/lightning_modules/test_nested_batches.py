"""A whole training on mappings: particles with a mask, and two heads."""

import pytest
import torch
from lightning import LightningDataModule
from small_runs import module, trainer
from torch import nn
from torch.utils.data import DataLoader

from softsym.metrics import EquivarianceError, assert_equivariant, equivariance_error
from softsym.regularizers import FunctionRegularizer, LieDerivativeRegularizer

REP_IN = {"pos": "T1", "charge": "T0", "mask": "none"}
REP_OUT = {"energy": "T0", "force": "T1"}


class Particles(LightningDataModule):
    """Energies and forces of springs to the origin, with padded particles."""

    rep_in, rep_out = REP_IN, REP_OUT

    def rows(self, n):
        draw = torch.Generator().manual_seed(n)
        for _ in range(n):
            pos, charge = torch.randn(4, 3, generator=draw), torch.randn(4, 1, generator=draw)
            mask = torch.arange(4) < torch.randint(2, 5, (), generator=draw)
            force = -charge * pos * mask[:, None]
            energy = (charge * pos.square() * mask[:, None]).sum((0, 1))[None] / 2
            yield {"pos": pos, "charge": charge, "mask": mask}, {"energy": energy, "force": force}

    def loader(self, n=16):
        return DataLoader(list(self.rows(n)), batch_size=8)

    train_dataloader = val_dataloader = test_dataloader = loader


class Springs(nn.Module):
    """Weights of positions by charges; ``skew`` breaks the symmetry."""

    def __init__(self, skew=0.0):
        super().__init__()
        self.stiff = nn.Linear(1, 1)
        self.skew = nn.Parameter(torch.tensor(float(skew)))

    def forward(self, batch):
        weight = self.stiff(batch["charge"]) * batch["mask"][..., None]
        force = weight * batch["pos"] + self.skew * batch["pos"].sum(-1, keepdim=True)
        energy = (weight * batch["pos"].square()).sum((1, 2))[:, None]
        return {"energy": energy, "force": force}


def batch():
    return next(iter(Particles().loader()))


@pytest.mark.parametrize("kind", [FunctionRegularizer, LieDerivativeRegularizer])
def test_a_training_on_mappings(tmp_path, kind):
    regularizers = {n: kind(f"SO(2)@{n}", 1.0, REP_IN, REP_OUT) for n in ("xy", "yz")}
    torch.manual_seed(0)
    model = module(regularizers, network=Springs(0.1), augmentation="O(3)")
    run = trainer(tmp_path, 30)
    run.fit(model, Particles())
    assert abs(float(model.network.skew.detach())) < 0.03
    tested = run.test(model, Particles(), verbose=False)[0]
    names = {"test/mse", "test/energy/mse", "test/force/mse", "test/equivariance_error/xy"}
    names |= {"test/moved/xy/mse", "test/moved/xy/energy/mse", "test/moved/yz/force/mse"}
    assert names <= tested.keys()


def test_an_equivariant_network_has_no_penalty_and_no_error():
    inputs, targets = batch()
    network = Springs()
    for kind in (FunctionRegularizer, LieDerivativeRegularizer):
        regularizer = kind("SO(3)", 1.0, REP_IN, REP_OUT)
        regularizer.bind(network)
        value = regularizer.penalty(network, (inputs, targets), network(inputs))
        assert float(value.detach()) < 1e-12
    assert equivariance_error(network, REP_IN, REP_OUT, "O(3)", inputs) < 1e-5
    assert_equivariant(network, REP_IN, REP_OUT, "O(3)", inputs)
    assert equivariance_error(Springs(1.0), REP_IN, REP_OUT, "O(3)", inputs) > 0.3


def test_heads_of_moved_batches(tmp_path):
    model = module(network=Springs(), candidates={"o3": "O(3)"}, dim=3)
    tested = trainer(tmp_path, 1).test(model, Particles(), verbose=False)[0]
    for head in ("energy/", "force/", ""):
        assert tested[f"test/moved/o3/{head}mse"] == pytest.approx(tested[f"test/{head}mse"])


def test_the_metric_accumulates_mappings():
    inputs, _ = batch()
    error = EquivarianceError(REP_IN, REP_OUT, "O(3)")
    for _ in range(2):
        error.update(Springs(1.0), inputs)
    assert 0.3 < float(error.compute()) < 1.0
    error.reset()
    error.update(Springs(), inputs)
    assert float(error.compute()) < 1e-5


def test_heads_count_alike_whatever_their_units():
    inputs, targets = batch()

    class Rescaled(Springs):
        def forward(self, given):
            out = super().forward(given)
            return {"energy": 1e-6 * out["energy"], "force": out["force"]}

    torch.manual_seed(0)
    values = []
    for network in (Springs(1.0), Rescaled(1.0)):
        network.stiff.weight.data.fill_(1.0)
        network.stiff.bias.data.zero_()
        out = network(inputs)
        regularizer = FunctionRegularizer("O(3)", 1.0, REP_IN, REP_OUT)
        regularizer.bind(network)
        targets = {k: v.detach() for k, v in out.items()}
        values.append(float(regularizer.penalty(network, (inputs, targets), out).detach()))
    assert values[1] == pytest.approx(values[0], rel=1e-3)
