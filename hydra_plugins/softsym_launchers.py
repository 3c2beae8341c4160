"""Hydra's launchers ``slurm`` and ``local``: each run of a sweep is ``train.py`` as a job.

Hydra finds launchers only in the namespace package ``hydra_plugins``, and imports all its modules
whenever it starts; so this module imports heavy ones only when a sweep is launched.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from softsym.cli.resolvers import metrics_for

# conf/train.yaml calls it while it is composed, which notebooks and tests may do without train.py
OmegaConf.register_new_resolver("metrics_for", metrics_for, replace=True)


class JobLauncher(Launcher):
    """Runs a grid as jobs of an executor of :mod:`softsym.sweeps.executors`.

    Args:
        kind: The executor, ``slurm`` or ``local``.
        slots: Maximum number of runs at a time.
        **settings: Settings of the executor.
    """

    def __init__(self, kind: str, slots: int, **settings: Any) -> None:
        self.settings = {"kind": kind, **settings}
        self.slots = slots

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keeps the loader and the config that the runs' configs are composed from."""
        self.hydra_context, self.config = hydra_context, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs all unfinished runs and waits for them.

        Raises:
            SystemExit: If a run failed, after all runs have ended, or on Ctrl-C.
        """
        from softsym.cli.errors import reported  # noqa: PLC0415
        from softsym.sweeps.grid.multirun import finish_grid  # noqa: PLC0415

        loader = self.hydra_context.config_loader
        with reported():
            if not finish_grid(self.config, loader, job_overrides, self.settings, self.slots):
                sys.exit(1)
        done = JobReturn(status=JobStatus.COMPLETED)
        done.return_value = None
        return [done] * len(job_overrides)
