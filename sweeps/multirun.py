"""What Hydra's ``--multirun`` composes, as a grid of runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from cli.records import require_same_run
from cli.resolvers import folder_label
from sweeps.executors import make_executor
from sweeps.launching import Grid, GridRun
from sweeps.trials import ROOT


def finish_grid(
    master: DictConfig,
    loader: Any,
    job_overrides: Sequence[Sequence[str]],
    settings: Mapping[str, Any],
    slots: int,
) -> bool:
    """Runs what is not done of a sweep, and waits for all.

    Args:
        master: The config that Hydra has composed for the sweep.
        loader: Hydra's loader, which composes that of a run.
        job_overrides: Overrides of each run.
        settings: Of the executor.
        slots: Most runs at a time.

    Returns:
        Whether all runs have finished.

    Raises:
        UserError: If a run's folder holds one with another config, or no job can be started.
    """
    plain = {
        key: OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
        for key, value in settings.items()
    }
    executor = make_executor(plain)
    common = set.intersection(*map(set, job_overrides))
    runs = []
    for overrides in job_overrides:
        config = loader.load_sweep_config(master, list(overrides))
        folder = Path(config.hydra.sweep.dir) / config.hydra.sweep.subdir
        require_same_run(config, folder, "auto")
        name = " ".join(o for o in overrides if o not in common) or "the only one"
        runs.append(GridRun(tuple(overrides), folder, config.monitor, name))
    program = (sys.executable, str(ROOT / "train.py"))
    grid = Grid(runs, executor, program, slots, folder_label(master.hydra.sweep.dir))
    return not grid.finish()
