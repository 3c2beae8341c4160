"""Hydra's launchers ``slurm`` and ``local``: each run of a sweep is ``train.py`` as a job.

Hydra takes launchers from the namespace package ``hydra_plugins`` alone, and imports all modules
there whenever it starts; so this one imports what it needs when it is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

ROOT = Path(__file__).resolve().parents[1]


class JobLauncher(Launcher):
    """Runs the runs of a sweep as jobs of an executor of :mod:`sweeps.executors`.

    Args:
        kind: Which executor, ``slurm`` or ``local``.
        slots: Most runs at a time.
        **settings: Those of the executor.
    """

    def __init__(self, kind: str, slots: int, **settings: Any) -> None:
        self.settings = {"kind": kind, **settings}
        self.slots = slots

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keeps what composes the runs' configs."""
        self.hydra_context, self.config = hydra_context, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs what is not done, waits, and says how all ended.

        Raises:
            SystemExit: If something failed, after all runs have ended, or on Ctrl-C.
        """
        from cli.errors import reported  # noqa: PLC0415

        with reported():
            return self._launch(job_overrides)

    def _launch(self, job_overrides: Sequence[Sequence[str]]) -> Sequence[JobReturn]:
        from cli.resolvers import folder_label  # noqa: PLC0415
        from sweeps.executors import make_executor  # noqa: PLC0415
        from sweeps.launching import Grid  # noqa: PLC0415

        plain = {
            key: OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
            for key, value in self.settings.items()
        }
        common = set.intersection(*map(set, job_overrides))
        runs = [self._run(overrides, common) for overrides in job_overrides]
        program = [sys.executable, str(ROOT / "train.py")]
        name = folder_label(self.config.hydra.sweep.dir)
        if Grid(runs, make_executor(plain), program, self.slots, name).finish():
            sys.exit(1)
        done = JobReturn(status=JobStatus.COMPLETED)
        done.return_value = None
        return [done] * len(runs)

    def _run(self, overrides: Sequence[str], common: set[str]) -> Any:
        from sweeps.launching import GridRun  # noqa: PLC0415

        config = self.hydra_context.config_loader.load_sweep_config(self.config, list(overrides))
        sweep = config.hydra.sweep
        folder = Path(sweep.dir) / sweep.subdir
        name = " ".join(o for o in overrides if o not in common) or "the only one"
        return GridRun(tuple(overrides), folder, config.monitor, name)
