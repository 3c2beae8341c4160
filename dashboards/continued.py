"""The logger for Weights & Biases that makes one run of all parts of an interrupted run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.loggers.logger import rank_zero_experiment
from lightning.pytorch.utilities import rank_zero_only

BYTES_A_STEP = 64
"""Fewer bytes than any logged step takes in the file of an offline run."""
TABLE = "symmetries"
COLUMNS = {
    "strength": "strength/",
    "penalty": "penalty/",
    "model_error": "test/equivariance_error/",
}
"""Columns of the table for custom charts -> prefix of the metric that is logged per symmetry."""
TEST = "symmetry/"
TEST_COLUMNS = ("p", "lower", "estimate", "upper")
"""Columns of the symmetry test, whose metrics are ``symmetry/<name>/<column>``."""
TESTED = COLUMNS["model_error"]


class ContinuedWandbLogger(WandbLogger):
    """Lightning's logger, but a run folder logs one run however often it was stopped.

    A resumed run takes the id of the earlier parts in its folder. Online, the server appends to
    it. Offline, each part has a folder of its own, whose steps follow those of the earlier parts,
    as ``wandb sync --append`` needs them. A run that this process left open, such as the last
    job of a sweep, is finished first. After the test, a table with one row per symmetry is logged
    for custom charts.

    Args:
        save_dir: The run folder.
        offline: Only write to ``<save_dir>/wandb``.
        id: Id of the run; None for the id of the earlier parts, or a new one.
        resume: How the server treats a known id; None means ``allow`` where there is a server.
        **settings: As of Lightning's logger and ``wandb.init``.
    """

    def __init__(
        self,
        save_dir: str | Path = ".",
        *,
        offline: bool = False,
        id: str | None = None,
        resume: str | None = None,
        **settings: Any,
    ) -> None:
        before = earlier_parts(save_dir)
        known = before[-1].name.rpartition("-")[2] if before else None
        # offline, wandb 0.25 warns that it ignores "resume"; the id alone matters there
        resume = resume or (None if offline else "allow")
        super().__init__(
            save_dir=save_dir, offline=offline, id=id or known, resume=resume, **settings
        )
        mine = [part for part in before if part.name.endswith(f"-{self._id}")]
        self._first_step = step_after(mine) if offline else 0
        self._latest: dict[str, float] = {}
        self._table: list[list[Any]] = []

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The run of Weights & Biases, started on first use."""
        starts = self._experiment is None and getattr(self, "_attach_id", None) is None
        if starts:
            wandb.finish()
        run = super().experiment
        if starts and self._first_step:
            run.log({}, step=self._first_step, commit=False)
        return run

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Logs metrics, and keeps the last value of each for the table."""
        self._latest.update(metrics)
        super().log_metrics(metrics, step)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Logs the table if a model was tested since the last time."""
        names = [key.removeprefix(TESTED) for key in self._latest if key.startswith(TESTED)]
        rows = [
            [
                name,
                *(self._latest.get(f"{prefix}{name}") for prefix in COLUMNS.values()),
                *(self._latest.get(f"{TEST}{name}/{column}") for column in TEST_COLUMNS),
            ]
            for name in names
        ]
        if rows != self._table:
            self._table = rows
            self.log_table(TABLE, columns=["symmetry", *COLUMNS, *TEST_COLUMNS], data=rows)
        super().finalize(status)


def earlier_parts(folder: str | Path) -> list[Path]:
    """Folders that earlier starts of a run left in its folder, oldest first."""
    parts = (*Path(folder).glob("wandb/run-*-*"), *Path(folder).glob("wandb/offline-run-*-*"))
    return sorted(parts, key=lambda part: part.name.removeprefix("offline-"))


def step_after(parts: list[Path]) -> int:
    """A step that none of these parts can have reached, by the size of their files."""
    sizes = [file.stat().st_size for part in parts for file in part.glob("run-*.wandb")]
    return sum(sizes) // BYTES_A_STEP + 1 if sizes else 0
