"""Which symmetries do forces between charges have? A message-passing network of plain PyTorch.

    python examples/message_passing.py

A field along z pulls at every charge, so that forces keep rotations about the z axis alone; so says
the report at the end. Inputs are a mapping, and every particle has an answer of its own.
"""

from __future__ import annotations

import torch
from lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from softsym import AdjustOnce, Symmetries, SymmetryTest
from softsym.reporting import write_symmetry_test

PAGE = "message_passing.html"
PARTICLES = 3
FIELD = 0.5

Batch = tuple[dict[str, Tensor], Tensor]


def mlp(inputs: int, outputs: int, width: int = 48) -> nn.Module:
    """Two layers."""
    return nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, outputs))


class MessagePassing(LightningModule):
    """Messages between all pairs, summed twice; nothing in it knows of symmetries."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.message, self.update = mlp(5, width), mlp(width + 1, width)
        self.pull, self.out = mlp(2 * width + 3, width), mlp(width, 3)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Maps positions (n, particles, 3) and charges (n, particles, 1) to forces."""
        position, charge = batch["position"], batch["charge"]
        apart = position[:, :, None] - position[:, None]
        first = self.message(torch.cat([apart, *self._pairs(charge)], -1)).sum(2)
        node = self.update(torch.cat([first, charge], -1))
        return self.out(self.pull(torch.cat([apart, *self._pairs(node)], -1)).sum(2))

    @staticmethod
    def _pairs(node: Tensor) -> tuple[Tensor, Tensor]:
        """The features of both ends of every edge."""
        count = node.shape[1]
        return (
            node[:, :, None].expand(-1, -1, count, -1),
            node[:, None].expand(-1, count, -1, -1),
        )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Returns the loss."""
        x, y = batch
        return nn.functional.mse_loss(self(x), y)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Logs the loss."""
        x, y = batch
        self.log("val/mse", nn.functional.mse_loss(self(x), y), batch_size=len(y))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Makes Adam."""
        return torch.optim.Adam(self.parameters(), lr=2e-3)


class Charges(Dataset[Batch]):
    """Particles, and the force on each."""

    def __init__(self, count: int, seed: int) -> None:
        draw = torch.Generator().manual_seed(seed)
        self.position = torch.randn(count, PARTICLES, 3, generator=draw)
        self.charge = torch.randn(count, PARTICLES, 1, generator=draw)
        apart = self.position[:, :, None] - self.position[:, None]
        weight = self.charge[:, :, None] * self.charge[:, None]
        force = 0.3 * weight * apart / (1 + apart.square().sum(-1, keepdim=True) / 4) ** 1.5
        self.force = force.sum(2) + FIELD * self.charge * torch.tensor([0.0, 0.0, 1.0])

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.force)

    def __getitem__(self, place: int) -> Batch:
        """One sample."""
        x = {"position": self.position[place], "charge": self.charge[place]}
        return x, self.force[place]


def main(count: int = 4000, epochs: int = 50) -> SymmetryTest | None:
    """Trains, and returns what held-out samples say."""
    torch.manual_seed(0)
    symmetries = Symmetries(
        {plane: f"O(2)@{plane}" for plane in ("xy", "yz", "xz")},
        policy=AdjustOnce(epoch=max(epochs // 4, 1), exponent=2.0),
        rep_in={"position": "T1", "charge": "T0"},
        rep_out="T1",
        dim=3,
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
    training = DataLoader(Charges(count, 0), 128, shuffle=True)
    trainer.fit(MessagePassing(), training, DataLoader(Charges(count // 2, 1), 500))
    return symmetries.tested


if __name__ == "__main__":
    if found := main():
        write_symmetry_test(found, PAGE, "Charges in a field", ("3T1 + 3T0", "3T1"))
