"""Takes the model of a finished run out of its folder, ready to predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import Tensor, nn

from softsym.cli.places import weights_file
from softsym.cli.trust import require_trusted
from softsym.lightning_modules.checkpoint_io import load_weights
from softsym.runs.errors import UserError
from softsym.runs.files import read_json
from softsym.runs.layout import CONFIG, METRICS, VERDICTS
from softsym.runs.untrusted import UnreadableError, literal, read_yaml
from softsym.symmetries import Rep

Scale = tuple[Tensor, Tensor]
"""Mean and scale of each number."""


@dataclass(frozen=True)
class TrainedModel:
    """The network of a run, which undoes the standardisation that its checkpoint keeps.

    The datamodule ``arrays`` keeps one; predictions are then in the units of its file. Other
    datamodules keep none, and predictions are what the network was trained on.

    Attributes:
        network: In evaluation mode, on the device.
        rep_in: Type of the inputs; None if the network does not know it.
        rep_out: Type of the outputs, likewise.
        scales: Means and scales by which ``inputs`` and ``targets`` were standardised, if any.
        symmetries: The table: one row a symmetry, with its ``name``, final ``strength``, final
            ``penalty`` and the fields of its verdict, such as ``estimate`` and ``verdict``.
    """

    network: nn.Module
    rep_in: Rep | None
    rep_out: Rep | None
    scales: Mapping[str, Scale]
    symmetries: Sequence[Mapping[str, Any]]

    @torch.no_grad()
    def __call__(self, inputs: Any) -> Tensor:
        """Predicts from inputs (n, size in), (n, size out) on the CPU."""
        parameter = next(self.network.parameters(), torch.zeros(()))
        x = torch.as_tensor(inputs, dtype=torch.float64)
        mean, scale = self.scales.get("inputs", (0.0, 1.0))
        y: Tensor = self.network(((x - mean) / scale).to(parameter)).cpu().double()
        mean, scale = self.scales.get("targets", (0.0, 1.0))
        return (y * scale + mean).to(parameter.dtype)


def load(
    folder: str | Path, device: str | torch.device = "cpu", trusted: Sequence[str] = ()
) -> TrainedModel:
    """Loads the best model of a run, else its last, from the run's folder.

    The folder is read as data: none but classes of SoftSym, PyTorch and the trusted packages are
    built, and no code in it runs.

    Args:
        folder: The run folder, which holds ``config.yaml`` and ``checkpoints``.
        device: Where the network computes.
        trusted: Packages of your own whose networks the run may use.

    Raises:
        UserError: If the folder is no run's, is damaged, or would build something else.
    """
    folder = Path(folder)
    network = _network(folder, trusted)
    scales = _scales(load_weights(network, weights_file(folder)))
    rep_in, rep_out = (getattr(network, key, None) for key in ("rep_in", "rep_out"))
    return TrainedModel(network.to(device).eval(), rep_in, rep_out, scales, _table(folder))


def _network(folder: Path, trusted: Sequence[str]) -> nn.Module:
    """The network that the stored config describes, with initial weights."""
    path = folder / CONFIG
    try:
        config = read_yaml(path)
    except (UnreadableError, OSError) as error:
        raise UserError(
            f"{str(folder)!r} is no run folder that can be loaded: {CONFIG} cannot be read: {error}"
        ) from error
    stored = config.get("network") if isinstance(config, dict) else None
    if not isinstance(stored, dict):
        raise UserError(f"{str(path)!r} names no network.")
    require_trusted(
        stored, trusted, path, "network", "name its package: softsym.load(folder, trusted=[...])"
    )
    made = instantiate(OmegaConf.create(literal(stored)))
    if not isinstance(made, nn.Module):
        raise UserError(f"{str(path)!r}: network._target_ is no network.")
    return made


def _scales(checkpoint: Mapping[str, Any]) -> dict[str, Scale]:
    """The scales that the datamodule kept in the checkpoint, if it has standardised."""
    for state in checkpoint.values():
        scales = state.get("scales") if isinstance(state, Mapping) else None
        if isinstance(scales, Mapping):
            return {str(what): (pair[0], pair[1]) for what, pair in scales.items()}
    return {}


def _table(folder: Path) -> list[dict[str, Any]]:
    """Strengths and verdicts, in the order of the verdicts."""
    metrics, verdicts = (_json(folder / name) for name in (METRICS, VERDICTS))
    return [
        {
            "name": name,
            "strength": metrics.get(f"strength/{name}", 0.0),
            "penalty": metrics.get(f"penalty/{name}"),
            **(fields if isinstance(fields, dict) else {}),
        }
        for name, fields in verdicts.items()
    ]


def _json(path: Path) -> dict[str, Any]:
    """A mapping in a file; empty if the run has not finished and the file is missing."""
    try:
        return read_json(path) or {}
    except (OSError, ValueError) as error:
        raise UserError(f"{str(path)!r} cannot be read: {error}") from error
