"""From what Hydra's ``--multirun`` composes to a grid of runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from softsym.cli.named_symmetries import add_named_symmetries
from softsym.cli.overrides import SEARCHPATH
from softsym.cli.records import is_complete, require_same_run
from softsym.cli.resolvers import folder_label
from softsym.cli.selection import apply_choices
from softsym.runs.errors import UserError
from softsym.runs.layout import RECORD
from softsym.runs.outcome import is_finished
from softsym.runs.text import require_plain
from softsym.sweeps.executors import make_executor, require_whole
from softsym.sweeps.grid.grid import Grid, GridRun

PROGRAM = (sys.executable, "-m", "softsym.train")
"""As a module, it imports the user's own modules from the current folder."""


def finish_grid(
    master: DictConfig,
    loader: Any,
    job_overrides: Sequence[Sequence[str]],
    settings: Mapping[str, Any],
    slots: int,
) -> bool:
    """Runs the unfinished runs of a grid, and waits for all; returns whether they have finished.

    Hydra's ``loader`` composes the config of each run from the grid's ``master`` config.

    Raises:
        UserError: If a run's folder holds a run with another config, two runs share a folder, or
            no job can be started.
    """
    plain = {
        key: OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
        for key, value in settings.items()
    }
    executor = make_executor(plain)
    require_whole("hydra.launcher.slots", slots, 1)
    common = set.intersection(*map(set, job_overrides))
    own_configs = [o for o in master.hydra.overrides.hydra if o.startswith(f"{SEARCHPATH}=")]
    runs: dict[Path, GridRun] = {}
    for number, overrides in enumerate(job_overrides):
        config = loader.load_sweep_config(master, list(overrides))
        with open_dict(config.hydra.job):
            config.hydra.job.num, config.hydra.job.id = number, str(number)
        folder = Path(config.hydra.sweep.dir) / config.hydra.sweep.subdir
        require_plain("hydra.sweep", str(folder))
        label = " ".join(o for o in overrides if o not in common) or "the only one"
        if folder in runs:
            raise UserError(
                f"The runs {runs[folder].label!r} and {label!r} would share the folder "
                f"{str(folder)!r}. Let hydra.sweep.subdir tell them apart, as its default does."
            )
        with open_dict(config):  # Hydra itself tells only the run
            config.paths.output = str(folder.absolute())
        # as the run itself completes its config before it compares or stores it
        add_named_symmetries(config)
        apply_choices(config)
        require_same_run(config, folder.absolute(), "auto")
        if is_finished(folder) and not is_complete(folder, config):
            (folder / RECORD).unlink()  # the config now asks for a longer training
        runs[folder] = GridRun((*overrides, *own_configs), folder, config.monitor, label)
    name = folder_label(master.hydra.sweep.dir)
    return not Grid(list(runs.values()), executor, PROGRAM, slots, name).finish()
