"""Checkpoints that are either whole or absent, on any disk, and verified when they are read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor, nn

from softsym.runs.archives import REMEDY, verify_archive
from softsym.runs.errors import UserError
from softsym.runs.files import replacing

NETWORK = "network."
"""Prefix of the network's weights in the ``state_dict`` of a checkpoint."""
RESUMED: dict[str, type] = {
    "state_dict": Mapping,
    "optimizer_states": list,
    "lr_schedulers": list,
    "loops": Mapping,
    "callbacks": Mapping,
    "pytorch-lightning_version": str,
}
"""What a checkpoint to resume from holds, beside the weights."""


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its final place and renames it; verifies what it reads.

    Lightning's own class writes to the system's temporary folder and moves the file. If that folder
    is on another disk, moving is copying: a run killed meanwhile replaces a good checkpoint by half
    a one.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Saves to ``path``, a local file; if that fails, an earlier file is kept."""
        try:
            with replacing(path) as temporary, temporary.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None  # PyTorch's own error hides the full disk
            raise

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Reads and verifies ``path``, a local file; see :func:`read_checkpoint`."""
        return read_checkpoint(Path(path))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint to the CPU: tensors and plain values, never code.

    Raises:
        UserError: If the file is missing, damaged, or no checkpoint of a training.
    """
    verify_archive(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # verified, so this is no damage: it holds objects that only code could rebuild
        reason = "holds more than tensors and plain values, and is not loaded"
        raise UserError(f"The checkpoint {str(path)!r} {reason}. {REMEDY}") from error
    weights = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(weights, Mapping) or not all(isinstance(w, Tensor) for w in weights.values()):
        raise UserError(
            f"{str(path)!r} is no checkpoint of a training: it holds no weights (state_dict). "
            f"{REMEDY}"
        )
    return content


def require_resumable(checkpoint: Mapping[str, Any], path: Path, network: nn.Module) -> None:
    """Checks that a training of the network can go on from a checkpoint.

    Raises:
        UserError: If it holds weights alone, or those of another network.
    """
    lacking = [k for k, kind in RESUMED.items() if not isinstance(checkpoint.get(k), kind)]
    if lacking:
        raise UserError(
            f"The checkpoint {str(path)!r} lacks {', '.join(lacking)}, without which no training "
            "can be resumed. Start a new one from its weights with init_from=<file>."
        )
    _fitting_weights(checkpoint, path, network)


def load_weights(network: nn.Module, path: Path) -> dict[str, Any]:
    """Gives a network the weights of a checkpoint, whose training may have been another.

    Returns:
        The content of the checkpoint.

    Raises:
        UserError: If the file is missing or damaged, or holds another network.
    """
    checkpoint = read_checkpoint(path)
    network.load_state_dict(_fitting_weights(checkpoint, path, network))
    return checkpoint


def _fitting_weights(
    checkpoint: Mapping[str, Any], path: Path, network: nn.Module
) -> dict[str, Tensor]:
    """The network's weights in a checkpoint, once their names and shapes have been compared."""
    weights = {
        name.removeprefix(NETWORK): weight
        for name, weight in checkpoint["state_dict"].items()
        if str(name).startswith(NETWORK)
    }
    there = {name: tuple(weight.shape) for name, weight in weights.items()}
    here = {name: tuple(weight.shape) for name, weight in network.state_dict().items()}
    different = [
        f"{name}: {there.get(name, 'absent')} in the file, {here.get(name, 'absent')} here"
        for name in dict.fromkeys([*here, *there])
        if here.get(name) != there.get(name)
    ]
    if different:
        more = f" and {len(different) - 3} more" if len(different) > 3 else ""
        raise UserError(
            f"The checkpoint {str(path)!r} is of another network: {'; '.join(different[:3])}"
            f"{more}. Give the settings of that network (network=..., channels=...), or another "
            "checkpoint."
        )
    return weights
