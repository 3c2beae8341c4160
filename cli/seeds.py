"""``seeds=3``: trains with several seeds one after another, and pools their verdicts."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from softsym.cli.quoting import quoted
from softsym.runs.errors import UserError
from softsym.runs.layout import OVERVIEW

FOLDERS: list[Path] = []
"""Where this process trains with several seeds."""


def over_seeds(config: DictConfig, folder: Path) -> list[str]:
    """The arguments that make one command several runs, in a folder for each seed.

    Args:
        config: The config of the command, with ``seeds`` above 1.
        folder: The folder of all runs.
    """
    FOLDERS.append(folder)
    place = [f"hydra.sweep.dir={quoted(folder)}", "hydra.sweep.subdir=seed_${seed}"]
    return [*place, f"seed={_listed(config)}", "seeds=1", "--multirun"]


def require_one(config: DictConfig) -> None:
    """Raises a UserError if a run of a sweep is to be several runs itself."""
    if config.seeds > 1:
        raise UserError(
            f"seeds={config.seeds} does not go together with --multirun. Sweep over the seeds "
            f"instead: seed={_listed(config)}."
        )


def require_anew(config: DictConfig) -> None:
    """Raises a UserError if several seeds are to go on from one checkpoint."""
    if config.ckpt_path not in (None, "auto"):
        raise UserError(
            f"seeds={config.seeds} trains {config.seeds} models, and ckpt_path={config.ckpt_path} "
            "names one. What was stopped goes on where you give its folder again: run_dir=<folder>."
        )


def report_over_seeds() -> None:
    """Writes and shows the report of all seeds, if this process trained with several."""
    if not FOLDERS:
        return
    from softsym.reporting.many_runs import report_runs  # noqa: PLC0415 (loads matplotlib)
    from softsym.runs.reading import find_runs  # noqa: PLC0415 (loads numpy)

    for folder in FOLDERS:
        if any(find_runs([folder])):
            report_runs([folder], folder / OVERVIEW, "", [])


def _listed(config: DictConfig) -> str:
    return ",".join(str(config.seed + k) for k in range(config.seeds))
