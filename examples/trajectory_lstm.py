"""Which symmetries do trajectories have? An LSTM that predicts the next step is asked.

    python examples/trajectory_lstm.py

Agents wander, and then turn left, the faster the more: turning the map changes nothing, but a
mirror and a change of scale do. So says the report at the end.
"""

from __future__ import annotations

import torch
from lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from softsym import AdjustOnce, Symmetries, SymmetryTest
from softsym.reporting import write_symmetry_test

PAGE = "trajectory_lstm.html"
STEPS = 6


class TrajectoryLSTM(LightningModule):
    """Reads steps and predicts the next one; nothing in it knows of symmetries."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, width, batch_first=True)
        self.head = nn.Linear(width, 2)

    def forward(self, steps: Tensor) -> Tensor:
        """Maps steps (n, time, 2) to the next one (n, 2)."""
        return self.head(self.lstm(steps)[0][:, -1])

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Returns the loss."""
        x, y = batch
        return nn.functional.mse_loss(self(x), y)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Logs the loss."""
        x, y = batch
        self.log("val/mse", nn.functional.mse_loss(self(x), y))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Makes Adam."""
        return torch.optim.Adam(self.parameters(), lr=3e-3)


def samples(count: int, seed: int) -> TensorDataset:
    """Steps (count, time, 2) of agents that wander, and the next step (count, 2), to the left."""
    draw = torch.Generator().manual_seed(seed)
    speed = 0.5 + torch.rand(count, 1, generator=draw)
    start = 6.2832 * torch.rand(count, 1, generator=draw)
    wandering = 0.2 * torch.randn(count, STEPS, generator=draw).cumsum(1)
    heading = torch.cat([start + wandering, start + wandering[:, -1:] + 0.6 * speed], 1)
    step = speed[..., None] * torch.stack([heading.cos(), heading.sin()], -1)
    return TensorDataset(step[:, :-1], step[:, -1])


def main(count: int = 4000, epochs: int = 25) -> SymmetryTest | None:
    """Trains, and returns what held-out samples say."""
    torch.manual_seed(0)
    symmetries = Symmetries(
        {name: name for name in ("SO(2)", "O(2)", "Scaling(2)")},
        policy=AdjustOnce(epoch=max(epochs // 4, 1), exponent=2.0),
        rep_in="T1",  # of each step: the last axis
        rep_out="T1",
        dim=2,
    )
    trainer = Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        callbacks=[symmetries],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    training = DataLoader(samples(count, 0), 128, shuffle=True)
    trainer.fit(TrajectoryLSTM(), training, DataLoader(samples(count // 2, 1), 500))
    return symmetries.tested


if __name__ == "__main__":
    if found := main():
        write_symmetry_test(found, PAGE, "Trajectories", ("6T1", "T1"))
