"""One run: builds everything from the config, trains, tests, reports."""

from __future__ import annotations

import logging
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from hydra.utils import instantiate
from lightning import Trainer, seed_everything
from lightning.pytorch.plugins.environments import SLURMEnvironment
from omegaconf import DictConfig, OmegaConf

from softsym.cli import slurm
from softsym.cli.places import IN_FOLDER, resume_words, weights_file
from softsym.cli.preemption import leave
from softsym.cli.records import (
    held,
    is_complete,
    portable_config,
    removed_if_unused,
    require_same_run,
    start_records,
)
from softsym.cli.rehearsal import rehearse
from softsym.cli.results import RunResult, finish_loggers, publish, stopped_by
from softsym.cli.settings.check import check_resolved
from softsym.cli.settings.constructors import check_constructors
from softsym.cli.settings.schema import Train
from softsym.datamodules.base import TensorDataModule
from softsym.lightning_modules import SymmetryModule
from softsym.lightning_modules.callbacks import BestCheckpoint, Preempted
from softsym.lightning_modules.callbacks.graceful_stop import LEAVING
from softsym.lightning_modules.checkpoint_io import (
    load_weights,
    read_checkpoint,
    require_resumable,
)
from softsym.lightning_modules.compilation import check_settings, compiles
from softsym.lightning_modules.nonfinite import NonFiniteLossError
from softsym.runs.archives import verify_archive
from softsym.runs.errors import UserError
from softsym.runs.files import replacing
from softsym.runs.layout import LAST_CHECKPOINT
from softsym.runs.strengths import StrengthRow
from softsym.symmetries import cache_bases

log = logging.getLogger(__name__)

LAST_TESTED = "test/last_model"
"""Metric that is 1 where the tested model is the last one and not the best; absent otherwise."""


@dataclass(frozen=True)
class Parts:
    """The objects that a run consists of."""

    datamodule: TensorDataModule
    module: SymmetryModule
    trainer: Trainer


def build(config: DictConfig) -> Parts:
    """Instantiates datamodule, module and trainer.

    Raises:
        UserError: If a type does not fit the network's data, or a class refuses its arguments.
    """
    datamodule = instantiate(config.datamodule)
    if datamodule.dim != config.dim:
        fitting = f", as experiment={datamodule.experiment} does" if datamodule.experiment else ""
        raise UserError(
            f"The data live over R^{datamodule.dim}, but dim={config.dim}, which the candidate "
            f"groups act on. Set dim={datamodule.dim} and groups that fit{fitting}, or other data."
        )
    module = instantiate(config.module)
    _check_base_space(module, datamodule)
    callbacks = instantiate(config.callbacks, _convert_="all")
    loggers = instantiate(config.logger, _convert_="all")
    trainer = instantiate(
        config.trainer,
        callbacks=list(callbacks.values()),
        logger=list(loggers.values()) or False,
        plugins=_plugins(config.trainer),
        _convert_="all",
    )
    _check_monitor(config.monitor, module)
    rehearse(module, datamodule, config.track_dim)
    return Parts(datamodule, module, trainer)


def _plugins(trainer: DictConfig) -> list[Any]:
    """Builds the plugins of the config; under SLURM, adds one that stops Lightning's requeueing.

    Lightning requeues a job on SIGUSR1 only, and a job that SIGTERM ends counts as complete.
    """
    plugins = list(instantiate(trainer.get("plugins") or []))
    if slurm.current() is not None and SLURMEnvironment.detect():
        plugins.append(SLURMEnvironment(auto_requeue=False))
    return plugins


def run(config: DictConfig, start: Mapping[str, Any], in_sweep: bool = False) -> None:
    """Trains, tests the best model, and leaves metrics, strengths and report in the run folder.

    Args:
        config: The composed config.
        start: What the run was started with: its ``command``, overrides and choices.
        in_sweep: Whether this is one run of several in this process.

    Raises:
        UserError: If a setting is out of range or the folder belongs to another run.
        SystemExit: If a signal stopped the training; the other runs of a sweep end with it.
    """
    started = time.monotonic()
    folder = Path(config.paths.output).absolute()
    given = None if config.ckpt_path is None else str(config.ckpt_path)
    ckpt_path = "auto" if in_sweep and given is None else given
    skip_finished = ckpt_path == "auto"
    with removed_if_unused(folder), ExitStack() as stack:
        _prepare(config)
        parts = build(config)
        waited = parts.trainer.is_global_zero and stack.enter_context(
            held(folder, wait=skip_finished)
        )
        if parts.trainer.is_global_zero or ckpt_path is not None:
            # on all ranks: if only rank 0 raised, the other ranks would hang
            require_same_run(config, folder, ckpt_path)
        if skip_finished and is_complete(folder, config):
            if waited and parts.trainer.world_size > 1:
                raise UserError(f"Another job has finished this run meanwhile: {str(folder)!r}.")
            log.info("Finished before: %s", folder)
            return
        if parts.trainer.is_global_zero:
            start_records(config, folder, start)
            _warn_of_late_adjustment(parts)
        resumed = _checkpoint(ckpt_path, folder)
        _load(config, parts, resumed)
        result = _train_and_test(config, parts, resumed)
        if parts.trainer.is_global_zero:
            publish(config, start["command"], folder, result, time.monotonic() - started)
    if in_sweep and result.status == "interrupted":
        sys.exit(128 + signal.SIGINT)


def _prepare(config: DictConfig) -> None:
    """Checks all settings and applies those that concern the whole process.

    Raises:
        UserError: If one is of a wrong type or out of range.
    """
    check_resolved(config, Train)
    check_constructors(cast(dict[str, Any], OmegaConf.to_container(config, resolve=True)), Train)
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    _check_compiler(config)
    cache_bases(config.basis_cache)
    seed_everything(config.seed, workers=True, verbose=False)


def _load(config: DictConfig, parts: Parts, resumed: Path | None) -> None:
    """Checks the checkpoint to resume from, or gives the network the weights to start from.

    Raises:
        UserError: If the checkpoint is damaged or of another network, or if the best model that it
            speaks of is damaged or missing, which the test will need.
    """
    network = parts.module.network
    if resumed is None:
        if config.init_from is not None:
            path = weights_file(config.init_from)
            load_weights(network, path)
            log.info("Starting from the weights in %s", path)
        return
    checkpoint = read_checkpoint(resumed)
    require_resumable(checkpoint, resumed, network)
    for callback in _best_callbacks(parts.trainer):
        state = checkpoint["callbacks"].get(callback.state_key)
        kept = callback.kept_best(state) if isinstance(state, dict) else None
        if config.test_model == "best" and kept is not None:
            if not kept.exists() and (beside := resumed.parent / kept.name).exists():
                with replacing(kept) as temporary:  # the run goes on in another folder
                    shutil.copyfile(beside, temporary)
            verify_archive(kept)


def _train_and_test(config: DictConfig, parts: Parts, resumed: Path | None) -> RunResult:
    """Trains, from a checkpoint if one is given, and tests the best model."""
    folder = Path(config.paths.output).absolute()
    settings = portable_config(config, folder)
    for logger in parts.trainer.loggers:
        logger.log_hyperparams(settings)
    _fit(parts, resumed, folder)
    history = tuple(map(StrengthRow._make, parts.module.tuning.history))
    metrics = _validated(parts.trainer, config.monitor) | _test(parts, config.test_model)
    return RunResult(parts.module, parts.datamodule, parts.trainer, history, metrics)


def _validated(trainer: Trainer, monitor: str) -> dict[str, float]:
    """Returns the validation score of the tested model, by which searches choose between runs."""
    best = _best(trainer)
    score = trainer.callback_metrics.get(monitor) if best is None else best.best_model_score
    return {} if score is None else {monitor: float(score)}


def _test(parts: Parts, which: str) -> dict[str, float]:
    """Tests the best model; the last one if that is asked for, or if none could be kept."""
    best = None if which == "last" else _best_checkpoint(parts.trainer)
    if best is None:
        why = "test_model=last" if which == "last" else _why_none_was_kept(parts)
        log.warning("%s: the last model is tested.", why)
    results = parts.trainer.test(
        parts.module,
        parts.datamodule,
        ckpt_path=best,
        verbose=False,
        weights_only=True,
    )
    metrics = {name: value for loader in results for name, value in loader.items()}
    return metrics | ({} if best else {LAST_TESTED: 1.0})


def _why_none_was_kept(parts: Parts) -> str:
    settled, done = parts.module.tuning.policy.settled_epoch, parts.trainer.current_epoch
    if done <= settled:
        return (
            f"No best model was kept, as training ended after {done} epochs, before epoch "
            f"{settled + 1}, from which on the strengths count as settled"
        )
    return f"No best model was kept, as no validation followed epoch {settled}"


def _fit(parts: Parts, resumed: Path | None, folder: Path) -> None:
    """Trains; ends the process if a scheduler stopped it, as no time is left for a test."""
    try:
        parts.trainer.fit(
            parts.module,
            parts.datamodule,
            ckpt_path=None if resumed is None else str(resumed),
            weights_only=True,
        )
        number = stopped_by(parts.trainer)
    except NonFiniteLossError as error:
        raise UserError(f"{error} {_kept(folder)}") from error
    except Preempted as stop:
        number = stop.signal
    except (LookupError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        if resumed is None or parts.module.began:
            raise
        raise UserError(
            f"The checkpoint {str(resumed)!r} does not fit this training: "
            f"{type(error).__name__}: {error}. Give the settings that it was trained with, or "
            "start a new training from its weights with init_from=<file>."
        ) from error
    if number in LEAVING:
        again = resume_words(folder)
        log.warning("The checkpoint is saved; continue with %s (and all other settings).", again)
        finish_loggers(parts.trainer)
        leave(number)


def _kept(folder: Path) -> str:
    """Says whether a checkpoint from before an error is left."""
    last = folder / LAST_CHECKPOINT
    return f"The last good checkpoint is {str(last)!r}." if last.exists() else ""


def _best_callbacks(trainer: Trainer) -> list[BestCheckpoint]:
    return [c for c in cast(Any, trainer).callbacks if isinstance(c, BestCheckpoint)]


def _best(trainer: Trainer) -> BestCheckpoint | None:
    """The callback that kept the best model; None if no model was kept."""
    return next((c for c in _best_callbacks(trainer) if c.best_model_path), None)


def _best_checkpoint(trainer: Trainer) -> str | None:
    """Path of the best model that this run kept, the same on all ranks.

    Raises:
        UserError: If it has been kept but is missing or damaged.
    """
    best = _best(trainer)
    if best is not None:
        verify_archive(Path(best.best_model_path))
    return cast("str | None", trainer.strategy.broadcast(best.best_model_path if best else None))


def _checkpoint(ckpt_path: str | None, folder: Path) -> Path | None:
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


def _warn_of_late_adjustment(parts: Parts) -> None:
    """Warns if training ends before the strengths settle."""
    settled, epochs = parts.module.tuning.policy.settled_epoch, parts.trainer.max_epochs
    if epochs is not None and 0 <= epochs <= settled:
        log.warning(
            "Training ends after %d epochs, but the policy's strengths settle only after %d: "
            "raise trainer.max_epochs or lower policy.epoch.",
            epochs,
            settled,
        )


def _check_compiler(config: DictConfig) -> None:
    """Raises a UserError if the config asks for compilation that cannot be had here."""
    accelerator = config.trainer.accelerator
    has_gpu = accelerator not in ("cpu", "auto") or torch.cuda.is_available()
    try:
        check_settings(config.module.compile, config.module.compile_mode)
        compiles(config.module.compile, accelerator if has_gpu else "cpu", epochs=0)
    except ValueError as error:
        raise UserError(str(error)) from None


def _check_base_space(module: SymmetryModule, datamodule: TensorDataModule) -> None:
    """Raises a UserError if the network is built for another space than the data's."""
    largest = getattr(module.network, "largest_group", None)
    if largest is not None and largest.dim != datamodule.dim:
        raise UserError(
            f"The network is built for {largest}, which acts on R^{largest.dim}, but the data live "
            f"over R^{datamodule.dim}. Choose a largest_group and regularizers over "
            f"R^{datamodule.dim}, such as regularizers=planes 'largest_group=\"O(3)\"' in space "
            "and regularizers=plane_motions 'largest_group=\"O(2)*Scaling(2)\"' in the plane."
        )


def _check_monitor(monitor: str, module: SymmetryModule) -> None:
    """Raises a UserError if no validation metric has the monitored name."""
    known = [str(name) for name in module.val_metrics]
    if monitor not in known:
        raise UserError(f"monitor={monitor} is not measured. Choose one of: {', '.join(known)}.")
