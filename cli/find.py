"""From two arrays to strengths and verdicts in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer, seed_everything
from torch import nn

from softsym.datamodules.arrays import ArraysDataModule
from softsym.lightning_modules import SymmetryModule
from softsym.metrics import SymmetryTest, symmetry_test
from softsym.networks import MLP
from softsym.regularizers import AdjustOnce, FunctionRegularizer, StrengthPolicy
from softsym.symmetries import Group, rep


@dataclass(frozen=True)
class FoundSymmetries:
    """What one training on arrays says of the candidate symmetries.

    Attributes:
        test: Name -> verdict, from samples that the training has not seen.
        strengths: Name -> final strength.
        module: The trained module; its ``network`` maps standardised inputs.
        types: Types of inputs and targets.
    """

    test: SymmetryTest
    strengths: Mapping[str, float]
    module: SymmetryModule
    types: tuple[str, str]

    def __str__(self) -> str:
        """The table of verdicts, and the strengths."""
        listed = ", ".join(f"{name} {value:.3g}" for name, value in self.strengths.items())
        return f"{self.test}\n\nStrengths: {listed}"

    def report(self, path: str | Path, title: str = "Symmetries of arrays") -> None:
        """Writes the page of the verdicts, one self-contained HTML file."""
        from softsym.reporting.symmetry_test_page import write_symmetry_test  # noqa: PLC0415 (slow)

        write_symmetry_test(self.test, path, title, self.types)


def find_symmetries(
    X: Any,
    Y: Any,
    candidates: Mapping[str, str | Group] | Sequence[str],
    model: nn.Module | None = None,
    *,
    rep_in: str,
    rep_out: str,
    dim: int = 3,
    strength: float = 0.3,
    policy: StrengthPolicy | None = None,
    epochs: int = 100,
    seed: int = 0,
) -> FoundSymmetries:
    """Trains a network on arrays with one function regularizer a candidate, and tests them.

    70% of the samples train, the others test. Data are standardised as their types allow.

    Args:
        X: Inputs (n, size in).
        Y: Targets (n, size out).
        candidates: Groups by name, or names of groups.
        model: Maps (n, size in) to (n, size out); an MLP by default. It is trained in place.
        rep_in: Type of the inputs, such as ``"5T0 + 5T1"``.
        rep_out: Type of the targets.
        dim: Dimension of the base space.
        strength: Initial strength of each candidate.
        policy: Decides the strengths; they are adjusted once, after a tenth of the epochs, by
            default.
        epochs: Passes over the training samples.
        seed: Seed of split, order and initial weights.

    Raises:
        ValueError: If arrays, types and groups do not fit each other, or are no finite numbers.
    """
    types = rep(rep_in), rep(rep_out)
    named = dict(
        candidates if isinstance(candidates, Mapping) else zip(candidates, candidates, strict=True)
    )
    seed_everything(seed, workers=True, verbose=False)
    data = ArraysDataModule({"X": X, "Y": Y}, rep_in, rep_out, dim=dim, split_seed=seed, seed=seed)
    network = MLP(*types, dim, seed=seed) if model is None else model
    module = SymmetryModule(
        network,
        nn.MSELoss(),
        partial(torch.optim.Adam, lr=2e-3),
        {n: FunctionRegularizer(G, strength, *types, dim=dim) for n, G in named.items()},
        policy or AdjustOnce(max(epochs // 10, 1), 2.0),
        dim=dim,
    )
    trainer = Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, data)
    x, y = (torch.cat([data.splits[s][i].cpu() for s in ("val", "test")]) for i in range(2))
    test = symmetry_test(x, y, module.symmetries, *types, model=network)
    strengths = {name: r.strength for name, r in module.regularizers.items()}
    return FoundSymmetries(test, strengths, module, (rep_in, rep_out))
