"""Which turns leave handwritten digits what they are? A small CNN is asked.

    pip install scikit-learn
    python examples/turned_digits.py

Each digit of scikit-learn is turned by 0, 90, 180 or 270 degrees at random. So the label does not
depend on further quarter turns, C(4): exactly, also where nobody can tell a 6 from a 9. Digits
turned by other angles are not among the data, and a turn of 8 x 8 pixels by 45 degrees blurs them,
so that nothing says that SO(2) holds. C(4) gets the larger strength, and the smaller estimate and
bound of its break; six hundred held-out digits do not tell more.
"""

from __future__ import annotations

import torch
from lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from softsym import AdjustOnce, Symmetries, SymmetryTest
from softsym.reporting import write_symmetry_test

PAGE = "turned_digits.html"


class DigitCNN(LightningModule):
    """Two convolutions; nothing in it knows of symmetries."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.SiLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.SiLU(), nn.Flatten(), nn.Linear(32 * 16, 64), nn.SiLU(), nn.Linear(64, 10),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Maps images (n, 1, 8, 8) to logits (n, 10)."""
        return self.net(images)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Returns the loss."""
        x, y = batch
        return nn.functional.cross_entropy(self(x), y)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Logs the share of right answers."""
        x, y = batch
        self.log("val/acc", (self(x).argmax(1) == y).float().mean(), prog_bar=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Makes Adam."""
        return torch.optim.AdamW(self.parameters(), lr=2e-3, weight_decay=0.05)


def digits() -> tuple[Tensor, Tensor]:
    """Images (1797, 8, 8) between 0 and 1, and their labels (1797,)."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 (an optional package)

    loaded = load_digits()
    return torch.from_numpy(loaded.images).float() / 16, torch.from_numpy(loaded.target).long()


def turned(images: Tensor, labels: Tensor) -> tuple[TensorDataset, TensorDataset]:
    """Turns each image by quarters at random; two thirds train, the rest is held out."""
    draw = torch.Generator().manual_seed(0)
    quarters = torch.randint(4, (len(images),), generator=draw)
    x = torch.stack([image.rot90(int(k)) for image, k in zip(images, quarters, strict=True)])
    order = torch.randperm(len(x), generator=draw)
    parts = order[: 2 * len(x) // 3], order[2 * len(x) // 3 :]
    train, held_out = (TensorDataset(x[part][:, None], labels[part]) for part in parts)
    return train, held_out


def main(
    images: Tensor, labels: Tensor, epochs: int = 30
) -> tuple[SymmetryTest | None, dict[str, float]]:
    """Trains, and returns what held-out samples say, and the strengths."""
    torch.manual_seed(0)
    train, held_out = turned(images, labels)
    symmetries = Symmetries(
        {name: name for name in ("C(4)", "SO(2)")},
        policy=AdjustOnce(epoch=max(epochs // 4, 1), exponent=2.0),
        rep_in="Image(8, 8)",
        rep_out="10T0",  # logits, which no turn changes
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
    trainer.fit(DigitCNN(), DataLoader(train, 64, shuffle=True), DataLoader(held_out, 500))
    return symmetries.tested, symmetries.strengths


if __name__ == "__main__":
    found, _ = main(*digits())
    if found:
        write_symmetry_test(found, PAGE, "Turned digits", ("Image(8, 8)", "10T0"))
