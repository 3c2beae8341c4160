"""Folder, command and job of each trial, and the check that train.py takes the commands."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softsym.cli.choices import CONF
from softsym.cli.overrides import check_command_line, hydra_arguments
from softsym.cli.quoting import override
from softsym.runs.errors import UserError
from softsym.runs.layout import JOURNAL
from softsym.sweeps.command_line import train_values
from softsym.sweeps.executors import Job
from softsym.sweeps.search.plan import Plan
from softsym.sweeps.search.space import Choice
from softsym.sweeps.search.study import TRIALS

ROOT = CONF.parent


@dataclass(frozen=True)
class Trials:
    """Folders, commands and jobs of the trials of a search."""

    plan: Plan
    folder: Path  # of the search
    study: str  # its name
    program: tuple[str, ...]  # of a trial, such as ("python", "train.py")

    def folder_of(self, number: int) -> Path:
        """The run folder of a trial."""
        return self.folder / TRIALS / str(number)

    def job(self, number: int, id: str = "") -> Job:
        """The job of a trial; no other search's job has its name."""
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:6]
        name = re.sub(r"[^\w.-]", "_", self.study)
        return Job(self.folder_of(number), f"{name}-{digest}-{number}", id)

    def command(self, number: int, params: Mapping[str, Choice]) -> list[str]:
        """The command that starts a trial, or continues one that was stopped."""
        return [
            *self.program,
            *self.plan.fixed,
            *self.plan.drawn(params),
            *self.pruning(number),
            override("run_dir", self.folder_of(number)),
            override("sweep", self.study),
            "ckpt_path=auto",
        ]

    def pruning(self, number: int) -> list[str]:
        """Overrides that let a trial be pruned."""
        if self.plan.pruning is None:
            return []
        settings = {
            "journal": self.folder / JOURNAL,
            "study": self.study,
            "trial": number,
            **self.plan.pruning,
        }
        return [
            "+pruning@callbacks.pruning=asha",
            *(override(f"callbacks.pruning.{key}", value) for key, value in settings.items()),
        ]


def check_trials(plan: Plan, folder: Path) -> None:
    """Composes train.py's config for a few trials, which together try every choice.

    If train.py would refuse one, its message becomes that of a UserError.
    """
    trials = Trials(plan, folder, folder.name, ())
    for params in sample_params(plan):
        try:
            check_command_line(hydra_arguments(trials.command(0, params)))
        except UserError as error:
            hint = " (for a search: in overrides=[...])" if "; pass " in str(error) else ""
            raise UserError(f"search {folder.name}: {error}{hint}") from None


def sample_params(plan: Plan) -> Iterator[Mapping[str, Choice]]:
    """Parameters of a trial with the first value of each, and of one for each further choice."""
    first = {p.key: p.samples()[0] for p in plan.space}
    yield first
    for p in plan.space:
        for choice in p.samples()[1:]:
            if isinstance(choice, int | float) and type(choice) is type(first[p.key]):
                continue  # composing is slow, and other numbers of one type pass as the first does
            yield first | {p.key: choice}


def monitor_and_defaults(plan: Plan) -> tuple[str, dict[str, Any] | None]:
    """The metric to minimize, and the experiment's own values if they lie within the space.

    Raises:
        UserError: If the metric is better when higher.
    """
    params = next(sample_params(plan))
    keys = ["monitor", "monitor_mode"]
    metric, mode = train_values([*plan.fixed, *plan.drawn(params)], keys).values()
    if mode == "max":
        raise UserError(
            f"A search minimizes, but {metric} is better when higher. Set search.monitor to a "
            "metric that is better when lower, such as val/cross_entropy."
        )
    values = train_values(plan.fixed, [p.key for p in plan.space])
    inside = all(p.key in values and p.contains(values[p.key]) for p in plan.space)
    return str(metric), values if inside else None


def by_hand(plan: Plan, params: Mapping[str, Choice]) -> str:
    """The command that trains a trial's model once more, to copy."""
    return shlex.join(["softsym", "train", *plan.fixed, *plan.drawn(params)])


def full_program(command: Sequence[str]) -> tuple[str, ...]:
    """The words of ``command`` such that they run from any folder.

    ``python`` becomes this interpreter, a script of this project its full path.
    """
    if not command:
        raise UserError("command must not be empty; the usual one is [python, -m, softsym.train].")
    first = sys.executable if command[0] == "python" else command[0]
    if shutil.which(first) is None:
        raise UserError(f"command: there is no program {first!r}.")
    return (first, *(str(ROOT / w) if (ROOT / w).is_file() else w for w in command[1:]))
