"""Folder, command and job of each trial."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from softsym.cli.explanations import CONF
from softsym.runs.errors import UserError
from softsym.runs.layout import JOURNAL
from softsym.sweeps.executors import Job
from softsym.sweeps.overrides import override
from softsym.sweeps.search.plan import Plan
from softsym.sweeps.search.space import Choice

ROOT = CONF.parent


@dataclass(frozen=True)
class Trials:
    """Folders, commands and jobs of the trials of a search.

    Attributes:
        plan: What is searched.
        folder: The search's folder.
        study: Name of the study.
        program: The program of a trial, such as ``["python", "train.py"]``.
    """

    plan: Plan
    folder: Path
    study: str
    program: tuple[str, ...]

    def folder_of(self, number: int) -> Path:
        """The run folder of a trial."""
        return self.folder / "trials" / str(number)

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
            override("run_dir", str(self.folder_of(number))),
            override("sweep", self.study),
            "ckpt_path=auto",
        ]

    def pruning(self, number: int) -> list[str]:
        """Overrides that let a trial be pruned."""
        if self.plan.pruning is None:
            return []
        settings = {
            "journal": str(self.folder / JOURNAL),
            "study": self.study,
            "trial": number,
            **self.plan.pruning,
        }
        return [
            "+pruning@callbacks.pruning=asha",
            *(override(f"callbacks.pruning.{key}", value) for key, value in settings.items()),
        ]


def by_hand(plan: Plan, params: Mapping[str, Choice]) -> str:
    """The command that trains a trial's model once more, to copy."""
    return shlex.join(["python", "train.py", *plan.fixed, *plan.drawn(params)])


def full_program(command: Sequence[str]) -> tuple[str, ...]:
    """The words of ``command`` such that they run from any folder.

    ``python`` becomes this interpreter, a script of this project its full path.

    Raises:
        UserError: If there is no such program.
    """
    if not command:
        raise UserError("command must not be empty; the usual one is [python, train.py].")
    first = sys.executable if command[0] == "python" else command[0]
    if shutil.which(first) is None:
        raise UserError(f"command: there is no program {first!r}.")
    return (first, *(str(ROOT / w) if (ROOT / w).is_file() else w for w in command[1:]))
