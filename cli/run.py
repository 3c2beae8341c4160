"""One run: builds everything from the config, trains, tests, reports."""

from __future__ import annotations

import logging
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
from softsym.cli.models import (
    best_checkpoint,
    best_model,
    check_before_resuming,
    checkpoint_to_resume,
    epochs_of,
    start_from,
    why_none_was_kept,
)
from softsym.cli.named_symmetries import add_named_symmetries
from softsym.cli.places import resume_words
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
from softsym.cli.selection import apply_choices, hold_out
from softsym.cli.settings.check import check_resolved
from softsym.cli.settings.constructors import check_constructors
from softsym.cli.settings.schema import Train
from softsym.datamodules.base import TensorDataModule
from softsym.lightning_modules import SymmetryModule
from softsym.lightning_modules.callbacks import Preempted
from softsym.lightning_modules.callbacks.graceful_stop import LEAVING
from softsym.lightning_modules.compilation import check_settings, compiles
from softsym.lightning_modules.nonfinite import NonFiniteLossError
from softsym.runs.errors import UserError
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
    add_named_symmetries(config)
    apply_choices(config)
    datamodule = instantiate(config.datamodule)
    hold_out(config, datamodule)
    if datamodule.dim != config.dim:
        fitting = f", as experiment={datamodule.experiment} does" if datamodule.experiment else ""
        raise UserError(
            f"The data live over R^{datamodule.dim}, but dim={config.dim}, which the candidate "
            f"groups act on. Set dim={datamodule.dim} and groups that fit{fitting}, or other data."
        )
    _note_types(config, datamodule)
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


def _note_types(config: DictConfig, datamodule: TensorDataModule) -> None:
    """Writes types that the datamodule took from its data to the config, for networks to read."""
    for key in ("rep_in", "rep_out"):
        if key in config.datamodule and config.datamodule[key] is None:
            config.datamodule[key] = str(getattr(datamodule, key))


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
        resumed = checkpoint_to_resume(ckpt_path, folder)
        if resumed is None:
            start_from(config.init_from, parts.module.network)
        else:
            check_before_resuming(config, parts.trainer, parts.module.network, resumed)
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


def _train_and_test(config: DictConfig, parts: Parts, resumed: Path | None) -> RunResult:
    """Trains, from a checkpoint if one is given, and tests the best model."""
    folder = Path(config.paths.output).absolute()
    settings = portable_config(config, folder)
    for logger in parts.trainer.loggers:
        logger.log_hyperparams(settings)
    _fit(parts, resumed, folder)
    history = tuple(StrengthRow(*row) for row in parts.module.tuning.rows)
    # before the test, which replaces the metrics of the validation
    validated = _validated(parts, config.monitor, config.test_model, resumed)
    best = None if config.test_model == "last" else best_checkpoint(parts.trainer)
    epochs = parts.trainer.current_epoch if best is None else epochs_of(best)
    metrics = validated | _test(parts, config.test_model, best)
    return RunResult(parts.module, parts.datamodule, parts.trainer, history, metrics, epochs)


def _validated(parts: Parts, monitor: str, which: str, resumed: Path | None) -> dict[str, float]:
    """Returns the validation score of the tested model, by which searches choose between runs."""
    trainer = parts.trainer
    best = None if which == "last" else best_model(trainer)
    has_samples = "val" in parts.datamodule.splits
    unmeasured = has_samples and monitor not in trainer.callback_metrics
    if best is None and resumed is not None and unmeasured:
        # killed after the last epoch, the run had no epoch left that would have measured it
        trainer.validate(parts.module, parts.datamodule, verbose=False)
    score = trainer.callback_metrics.get(monitor) if best is None else best.best_model_score
    return {} if score is None else {monitor: float(score)}


def _test(parts: Parts, which: str, best: str | None) -> dict[str, float]:
    """Tests the best model; the last one if that is asked for, or if none could be kept."""
    if best is None:
        none = why_none_was_kept(parts.module, parts.trainer.current_epoch)
        why = "test_model=last" if which == "last" else none
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
    except Exception as error:
        if resumed is None or parts.module.began or isinstance(error, UserError | OSError):
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
