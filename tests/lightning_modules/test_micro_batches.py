"""The micro-batches of one optimizer step draw group elements of their own."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from lightning import LightningModule
from small_runs import trainer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from softsym import FunctionRegularizer, Symmetries, SymmetryModule


class Watched(FunctionRegularizer):
    """Keeps the elements that it draws."""

    def __init__(self):
        super().__init__("SO(3)", 1.0, "T1", "T0")
        self.drawn = []

    def elements(self, inputs, rows, step):
        self.drawn.append(super().elements(inputs, rows, step))
        return self.drawn[-1]


class Plain(LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(3, 1)

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        return nn.functional.mse_loss(self(batch[0]), batch[1])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def drawn(folder, accumulate, own):
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(0))
    data, watched = DataLoader(TensorDataset(x, x[:, :1]), 4), Watched()
    if own:
        module, callbacks = Plain(), [Symmetries({"all": watched})]
    else:
        sgd = partial(torch.optim.SGD, lr=0.1)
        module = SymmetryModule(nn.Linear(3, 1), nn.MSELoss(), sgd, {"all": watched})
        callbacks = []
    trainer(folder, 1, *callbacks, accumulate_grad_batches=accumulate).fit(module, data)
    return watched.drawn


@pytest.mark.filterwarnings("ignore:You defined a .validation_step")
@pytest.mark.parametrize("own", [True, False], ids=["any module", "SymmetryModule"])
def test_elements_of_micro_batches(tmp_path, own):
    each, accumulated = (drawn(tmp_path, k, own) for k in (1, 2))
    assert len(each) == len(accumulated) == 4
    # steps 0 and 1 begin as without accumulation, and go on with other elements
    assert torch.equal(accumulated[0], each[0])
    assert torch.equal(accumulated[2], each[1])
    seen = [accumulated[k] for k in range(4)]
    assert all(not torch.equal(a, b) for i, a in enumerate(seen) for b in seen[:i])
