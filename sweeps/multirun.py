"""What Hydra's ``--multirun`` composes, as a grid of runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from softsym.cli.overrides import CONF
from softsym.cli.records import is_complete, require_same_run
from softsym.cli.resolvers import folder_label
from softsym.runs.errors import UserError
from softsym.runs.layout import RECORD
from softsym.runs.outcome import is_finished
from softsym.sweeps.executors import make_executor
from softsym.sweeps.launching import Grid, GridRun

ROOT = CONF.parent


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
    if isinstance(slots, bool) or not isinstance(slots, int) or slots < 1:
        raise UserError(f"hydra.launcher.slots must be a whole number of at least 1; got {slots}.")
    common = set.intersection(*map(set, job_overrides))
    runs = []
    for number, overrides in enumerate(job_overrides):
        config = loader.load_sweep_config(master, list(overrides))
        with open_dict(config.hydra.job):
            config.hydra.job.num, config.hydra.job.id = number, str(number)
        folder = Path(config.hydra.sweep.dir) / config.hydra.sweep.subdir
        require_same_run(config, folder, "auto")
        if is_finished(folder) and not is_complete(folder, config):
            (folder / RECORD).unlink()  # it is to train longer
        name = " ".join(o for o in overrides if o not in common) or "the only one"
        runs.append(GridRun(tuple(overrides), folder, config.monitor, name))
    _require_folders_of_their_own(runs)
    program = (sys.executable, str(ROOT / "train.py"))
    grid = Grid(runs, executor, program, slots, folder_label(master.hydra.sweep.dir))
    return not grid.finish()


def _require_folders_of_their_own(runs: Sequence[GridRun]) -> None:
    seen: dict[Path, GridRun] = {}
    for run in runs:
        other = seen.setdefault(run.folder, run)
        if other is not run:
            raise UserError(
                f"The runs {other.name!r} and {run.name!r} would share the folder "
                f"{str(run.folder)!r}. Let hydra.sweep.subdir tell them apart, as its default does."
            )
