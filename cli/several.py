"""What goes with commands that are several runs: ``seeds=3`` and ``select=...``."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from softsym.cli.places import check_run_folder
from softsym.cli.seeds import listed
from softsym.runs.errors import UserError
from softsym.runs.layout import CONFIG
from softsym.runs.untrusted import UnreadableError, read_yaml


def require_one(config: DictConfig) -> None:
    """Raises a UserError if a run of a sweep is to be several runs itself."""
    if config.select is not None and config.select_fold is None:
        raise UserError(
            f"select={config.select} does not go together with --multirun, as it is a sweep over "
            "folds itself. Give one command for each value that you would sweep over. Folds run "
            "side by side with hydra/launcher=local, without --multirun."
        )
    if config.seeds > 1:
        raise UserError(
            f"seeds={config.seeds} does not go together with --multirun. Sweep over the seeds "
            f"instead: seed={listed(config)}."
        )


def require_anew(config: DictConfig, folder: Path) -> None:
    """Checks a command that becomes several runs.

    Args:
        config: Its config.
        folder: The folder of all runs.

    Raises:
        UserError: If it is to be several in two ways, or to go on from one checkpoint; or if the
            folder of a selection cannot be written, or holds another run.
    """
    if config.select is not None and config.seeds > 1:
        raise UserError(
            f"select={config.select} does not go together with seeds={config.seeds}. Give the "
            f"command once for each seed: seed={config.seed}, then seed={config.seed + 1}."
        )
    what = f"seeds={config.seeds}" if config.select is None else f"select={config.select}"
    if config.ckpt_path not in (None, "auto"):
        raise UserError(
            f"{what} trains several models, and ckpt_path={config.ckpt_path} names one. What was "
            "stopped goes on where you give its folder again: run_dir=<folder>."
        )
    if config.select is not None:
        check_run_folder(folder, "auto")
        _require_selection(folder)


def _require_selection(folder: Path) -> None:
    """Raises a UserError if a folder holds a run that is no selection."""
    if not (folder / CONFIG).exists():
        return
    try:
        before = read_yaml(folder / CONFIG)
    except UnreadableError:
        before = None
    if not (isinstance(before, dict) and before.get("select")):
        raise UserError(
            f"The folder {str(folder)!r} holds a run without select already. Choose another with "
            "run_dir=<folder>."
        )
