"""Checkpoints that are either whole or absent, on any disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from softsym.runs.files import replacing


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its final place and renames it.

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
