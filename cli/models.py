"""Which weights a run starts from, and which of its models is tested."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any, cast

from lightning import Trainer
from omegaconf import DictConfig
from torch import nn

from softsym.cli.places import IN_FOLDER, weights_file
from softsym.lightning_modules import SymmetryModule
from softsym.lightning_modules.callbacks import BestCheckpoint
from softsym.lightning_modules.checkpoint_io import (
    load_weights,
    read_checkpoint,
    require_resumable,
)
from softsym.runs.archives import verify_archive
from softsym.runs.files import replacing
from softsym.runs.layout import LAST_CHECKPOINT

log = logging.getLogger(__name__)


def checkpoint_to_resume(ckpt_path: str | None, folder: Path) -> Path | None:
    """Path of the checkpoint to resume from; None to start from the beginning."""
    if ckpt_path is None:
        return None
    in_folder = ckpt_path in IN_FOLDER
    path = folder / LAST_CHECKPOINT if in_folder else Path(ckpt_path)
    if in_folder and not path.exists():
        log.info("There is no checkpoint to resume from: starting from the beginning.")
        return None
    log.info("Resuming from %s", path)
    return path


def start_from(init_from: str | None, network: nn.Module) -> None:
    """Gives the network the weights of another run, if the config names one.

    Raises:
        UserError: If its checkpoint is missing or damaged, or of another network.
    """
    if init_from is not None:
        path = weights_file(init_from)
        load_weights(network, path)
        log.info("Starting from the weights in %s", path)


def check_before_resuming(
    config: DictConfig, trainer: Trainer, network: nn.Module, path: Path
) -> None:
    """Checks the checkpoint to resume from, and the best model so far, which the test may need.

    Where the run goes on in another folder, the best model is copied into it.

    Raises:
        UserError: If one is missing or damaged, or of another network.
    """
    checkpoint = read_checkpoint(path)
    require_resumable(checkpoint, path, network)
    for callback in _best_callbacks(trainer):
        state = checkpoint["callbacks"].get(callback.state_key)
        kept = callback.kept_best(state) if isinstance(state, dict) else None
        if config.test_model == "best" and kept is not None:
            if not kept.exists() and (beside := path.parent / kept.name).exists():
                with replacing(kept) as temporary:
                    shutil.copyfile(beside, temporary)
            verify_archive(kept)


def best_model(trainer: Trainer) -> BestCheckpoint | None:
    """The callback that kept the best model; None if no model was kept."""
    return next((c for c in _best_callbacks(trainer) if c.best_model_path), None)


def best_checkpoint(trainer: Trainer) -> str | None:
    """Path of the best model that this run kept, the same on all ranks.

    Raises:
        UserError: If it has been kept but is missing or damaged.
    """
    best = best_model(trainer)
    if best is not None:
        verify_archive(Path(best.best_model_path))
    return cast("str | None", trainer.strategy.broadcast(best.best_model_path if best else None))


def epochs_of(checkpoint: str) -> int:
    """Number of epochs that the model in a checkpoint has trained."""
    return int(read_checkpoint(Path(checkpoint))["epoch"]) + 1


def why_none_was_kept(module: SymmetryModule, epochs: int) -> str:
    """Why a training of this number of epochs kept no best model."""
    settled = module.tuning.policy.settled_epoch
    if epochs <= settled:
        return (
            f"No best model was kept, as training ended after {epochs} epochs, before epoch "
            f"{settled + 1}, from which on the strengths count as settled"
        )
    return f"No best model was kept, as no validation followed epoch {settled}"


def _best_callbacks(trainer: Trainer) -> list[BestCheckpoint]:
    return [c for c in cast(Any, trainer).callbacks if isinstance(c, BestCheckpoint)]
