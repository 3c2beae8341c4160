"""Candidate symmetries for a LightningModule that knows nothing of them.

    python examples/existing_module.py

The target keeps rotations about the z axis alone; so says the report at the end.
"""

from __future__ import annotations

import logging

import torch
from lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from softsym import AdjustOnce, Symmetries, SymmetryTest

log = logging.getLogger(__name__)


class Existing(LightningModule):
    """A module as its author wrote it, for another purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
        self.head = nn.Linear(64, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps two vectors (n, 6) to a number (n, 1)."""
        return self.head(self.net(x))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """Returns the loss in a dict."""
        x, y = batch
        return {"loss": nn.functional.mse_loss(self(x), y)}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Makes Adam."""
        return torch.optim.Adam(self.parameters(), lr=2e-3)


def samples(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Two vectors (count, 6), and their inner product without the z axis (count, 1)."""
    x = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
    return x, x[:, 0:1] * x[:, 3:4] + x[:, 1:2] * x[:, 4:5]


def main(count: int = 2000, epochs: int = 40) -> tuple[SymmetryTest, dict[str, float]]:
    """Trains and returns verdicts and strengths."""
    torch.manual_seed(0)
    data, held_out = samples(count, 0), samples(count, 1)

    # the lines that an existing script adds
    candidates = {plane: f"O(2)@{plane}" for plane in ("xy", "yz", "xz")}
    policy = AdjustOnce(epoch=epochs // 4, exponent=2.0)
    symmetries = Symmetries(candidates, policy=policy, rep_in="2T1", rep_out="T0", dim=3)

    trainer = Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        callbacks=[symmetries],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Existing(), DataLoader(TensorDataset(*data), 64, shuffle=True))
    tested = symmetries.verdicts(*held_out)
    log.info("%s\n\nstrengths: %s", tested, symmetries.strengths)
    return tested, symmetries.strengths


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
