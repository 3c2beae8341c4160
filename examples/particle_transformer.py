"""Which symmetries do sets of particles have? A transformer of plain PyTorch is asked.

    python examples/particle_transformer.py

The energy counts distances along z threefold, so that it keeps rotations about the z axis alone; so
says the report at the end.
"""

from __future__ import annotations

import torch
from lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from softsym import AdjustOnce, Symmetries, SymmetryTest
from softsym.reporting import write_symmetry_test

PAGE = "particle_transformer.html"
PARTICLES = 3


class ParticleTransformer(LightningModule):
    """A transformer encoder over particles; nothing in it knows of symmetries."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            width, nhead=4, dim_feedforward=2 * width, dropout=0.0, batch_first=True
        )
        self.embed = nn.Linear(3, width)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.head = nn.Linear(width, 1)

    def forward(self, particles: Tensor) -> Tensor:
        """Maps positions (n, particles, 3) to energies (n, 1)."""
        return self.head(self.encoder(self.embed(particles)).mean(1))

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
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def samples(count: int, seed: int) -> TensorDataset:
    """Positions (count, particles, 3), and the energy of their pairs (count, 1)."""
    x = torch.randn(count, PARTICLES, 3, generator=torch.Generator().manual_seed(seed))
    apart = (x[:, :, None] - x[:, None]) * torch.tensor([1.0, 1.0, 3.0])
    energy = 4 / (4 + apart.square().sum(-1)).sqrt()
    return TensorDataset(x, energy.triu(1).sum((1, 2))[:, None])


def main(count: int = 4000, epochs: int = 40) -> SymmetryTest | None:
    """Trains, and returns what held-out samples say."""
    torch.manual_seed(0)
    symmetries = Symmetries(
        {plane: f"O(2)@{plane}" for plane in ("xy", "yz", "xz")},
        policy=AdjustOnce(epoch=max(epochs // 4, 1), exponent=2.0),
        rep_in="T1",  # of each particle: the last axis
        rep_out="T0",
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
    training = DataLoader(samples(count, 0), 128, shuffle=True)
    trainer.fit(ParticleTransformer(), training, DataLoader(samples(count // 2, 1), 500))
    return symmetries.tested


if __name__ == "__main__":
    if found := main():
        write_symmetry_test(found, PAGE, "Particles", ("3T1", "T0"))
