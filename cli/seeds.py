"""``seeds=3``: trains with several seeds one after another, and pools their verdicts."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from softsym.cli.quoting import quoted
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
    return [*place, f"seed={listed(config)}", "seeds=1", "--multirun"]


def report_over_seeds() -> None:
    """Writes and shows the report of all seeds, if this process trained with several."""
    if not FOLDERS:
        return
    from softsym.reporting.many_runs import report_runs  # noqa: PLC0415 (loads matplotlib)
    from softsym.runs.reading import find_runs  # noqa: PLC0415 (loads numpy)

    for folder in FOLDERS:
        if any(find_runs([folder])):
            report_runs([folder], folder / OVERVIEW, "", [])


def listed(config: DictConfig) -> str:
    """The seeds of a command as the values of a sweep."""
    return ",".join(str(config.seed + k) for k in range(config.seeds))
