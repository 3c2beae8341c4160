"""Takes the model of a finished run out of its folder, ready to predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import Tensor, nn

from softsym.cli.places import weights_file
from softsym.cli.run_config import run_config
from softsym.cli.trust import require_trusted
from softsym.lightning_modules.checkpoint_io import load_weights
from softsym.lightning_modules.task import LINKS
from softsym.runs.errors import UserError
from softsym.runs.files import read_json
from softsym.runs.layout import CONFIG, METRICS, VERDICTS
from softsym.runs.untrusted import literal
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
            ``penalty`` (None where the run holds none) and the fields of its verdict, such as
            ``estimate`` and ``verdict``.
        size_in: Number of inputs of a sample; None if neither network nor run know it.
        class_names: Names of the classes whose probabilities the model predicts; none if it does
            not.
        link: Map from outputs to the mean of the targets: softmax for a network that was trained by
            cross-entropy, whose predictions so are probabilities.
    """

    network: nn.Module
    rep_in: Rep | None
    rep_out: Rep | None
    scales: Mapping[str, Scale]
    symmetries: Sequence[Mapping[str, Any]]
    size_in: int | None = None
    class_names: Sequence[str] = ()
    link: nn.Module = field(default_factory=nn.Identity)

    @cached_property
    def in_units(self) -> InUnits:
        """The network from and to the user's units, as a module: what an export holds."""
        return InUnits(self.network, self.scales, self.link).eval()

    @torch.no_grad()
    def __call__(self, inputs: Any) -> Tensor:
        """Predicts from inputs (n, size in), (n, size out) on the CPU."""
        predicted: Tensor = self.in_units(torch.as_tensor(inputs))
        return predicted


class InUnits(nn.Module):
    """Standardises inputs, calls the network, and undoes the standardisation of its outputs.

    Args:
        network: Keeps its device; the scales stay on the CPU.
        scales: Means and scales of ``inputs`` and ``targets``; what is missing is left as it is.
        link: Map from the network's outputs to the mean of the targets.
    """

    def __init__(self, network: nn.Module, scales: Mapping[str, Scale], link: nn.Module) -> None:
        super().__init__()
        self.network, self.link, self.scaled = network, link, tuple(scales)
        for what, (mean, scale) in scales.items():
            self.register_buffer(f"{what}_mean", mean)
            self.register_buffer(f"{what}_scale", scale)

    def forward(self, inputs: Tensor) -> Tensor:
        """Maps (n, size in) to (n, size out), in float64 but for the network."""
        like = next(self.network.parameters(), torch.zeros(()))
        x = inputs
        if "inputs" in self.scaled:
            mean, scale = self._scale("inputs")
            x = (x.double() - mean) / scale
        y: Tensor = self.link(self.network(x.to(like.device, like.dtype))).cpu()
        if "targets" in self.scaled:
            mean, scale = self._scale("targets")
            y = (y.double() * scale + mean).to(like.dtype)
        return y

    def _scale(self, what: str) -> Scale:
        return self.get_buffer(f"{what}_mean"), self.get_buffer(f"{what}_scale")


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
    config = run_config(folder)
    network = _network(config, folder / CONFIG, trusted)
    checkpoint = load_weights(network, weights_file(folder))
    scales, class_names = _scales(checkpoint), _class_names(checkpoint)
    rep_in, rep_out = (getattr(network, key, None) for key in ("rep_in", "rep_out"))
    size = _size(rep_in, config.get("dim"), scales)
    network = network.to(device).eval()
    table, link = _table(folder), _link(config)
    return TrainedModel(network, rep_in, rep_out, scales, table, size, class_names, link)


def _link(config: Mapping[str, Any]) -> nn.Module:
    """The map from outputs to the mean of the targets, by the class of the stored loss."""
    loss = config.get("loss")
    name = str(loss.get("_target_")).rpartition(".")[2] if isinstance(loss, Mapping) else ""
    return next((make() for kind, make in LINKS.items() if kind.__name__ == name), nn.Identity())


def _size(R: Any, dim: Any, scales: Mapping[str, Scale]) -> int | None:
    """The number of inputs, by the type of the network or the scales of the data."""
    if "inputs" in scales:
        return len(scales["inputs"][0])
    return R.size(dim) if isinstance(R, Rep) and isinstance(dim, int) else None


def _network(config: Mapping[str, Any], path: Path, trusted: Sequence[str]) -> nn.Module:
    """The network that the config stored in a file describes, with initial weights."""
    stored = config.get("network")
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
    scales = _kept(checkpoint, "scales")
    pairs = scales.items() if isinstance(scales, Mapping) else ()
    return {str(what): (pair[0], pair[1]) for what, pair in pairs}


def _class_names(checkpoint: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of classes that the datamodule kept, if its targets are labels."""
    return tuple(map(str, _kept(checkpoint, "class_names") or ()))


def _kept(checkpoint: Mapping[str, Any], key: str) -> Any:
    """What the state of the datamodule holds under a key; None if none does."""
    states = (state for state in checkpoint.values() if isinstance(state, Mapping))
    return next((state[key] for state in states if key in state), None)


def _table(folder: Path) -> list[dict[str, Any]]:
    """Strengths and verdicts, in the order of the verdicts."""
    metrics, verdicts = (_json(folder / name) for name in (METRICS, VERDICTS))
    return [
        {
            "name": name,
            "strength": metrics.get(f"strength/{name}"),
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
