"""Jobs as batch jobs of SLURM."""

from __future__ import annotations

import logging
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from softsym.runs.errors import UserError
from softsym.runs.files import write_atomically
from softsym.runs.outcome import OUTPUT
from softsym.runs.text import require_plain
from softsym.sweeps.executors.base import ENDING, OUTSIDE, Job, Status, SubmitError

log = logging.getLogger(__name__)

SCRIPT = "job.sh"
EXIT_CODE = "job.exit"
OPTION = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
LOOKS = 2
"""Number of looks in a row at which a job must be missing from the queue to count as gone."""

TEMPLATE = """\
#!/bin/bash
{directives}
# bash waits for srun, which passes signals on, so that a job that is stopped can still save
trap : TERM USR1 USR2
rm -f {code}
{setup}
srun --kill-on-bad-exit=1 {cpus} {command}
code=$?
echo "$code" > {code}
exit "$code"
"""


class SlurmExecutor:
    """Submits each run as a batch job whose tasks are ``train.py`` itself.

    There is no process in between, so signals reach the training, which saves and requeues its
    job (see docs/cluster.md). A job that waits in the queue again is alive. Jobs go on when the
    launcher ends. One call of squeue sees all of them, by name; sacct is not needed.

    ``conf/executor/slurm.yaml`` explains the arguments; None leaves a setting to the cluster.
    """

    kind = "slurm"
    survives = True

    def __init__(
        self,
        partition: str | None = None,
        qos: str | None = None,
        account: str | None = None,
        timeout_min: int | None = None,
        nodes: int = 1,
        tasks_per_node: int = 1,
        cpus_per_task: int = 1,
        gpus_per_node: int | str | None = None,
        mem_gb: float | None = None,
        signal_delay_s: int = 90,
        setup: Sequence[str] = (),
        additional_parameters: Mapping[str, Any] | None = None,
        poll_seconds: float = 5.0,
    ) -> None:
        missing = [name for name in ("sbatch", "squeue") if shutil.which(name) is None]
        if missing:
            raise UserError(
                f"There is no {missing[0]} here. Start it on a machine from which jobs are "
                "submitted to SLURM, or run here, with executor=local for sweep.py, or "
                "hydra/launcher=local for train.py."
            )
        self.poll_seconds, self.setup = poll_seconds, _lines(setup)
        self.directives = {
            "partition": partition,
            "qos": qos,
            "account": account,
            "time": timeout_min,
            "nodes": nodes,
            "ntasks-per-node": tasks_per_node,
            "cpus-per-task": cpus_per_task,
            "gpus-per-node": gpus_per_node,
            "mem": _megabytes(mem_gb),
            "signal": f"USR1@{signal_delay_s}",
            "requeue": True,
            "open-mode": "append",
            **{key.replace("_", "-"): v for key, v in (additional_parameters or {}).items()},
        }
        for name, value in self.directives.items():
            _require_option(name, value)
        self._absent: dict[Path, int] = {}
        self._warned = False

    def submit(self, job: Job, command: Sequence[str]) -> str:
        """Writes the job's script and submits it with sbatch.

        Raises:
            SubmitError: If sbatch refuses the job; no script then says that it was submitted.
            UserError: If a name holds a control character, which would end a line of the script.
        """
        text = self.script(job, command)
        job.folder.mkdir(parents=True, exist_ok=True)
        script = job.folder / SCRIPT
        (job.folder / EXIT_CODE).unlink(missing_ok=True)
        write_atomically(script, text)
        # on the command line options win over the user's SBATCH_PARTITION and the like
        done = _run([*OUTSIDE, "sbatch", "--parsable", *self._options(job), str(script)])
        if done.returncode:
            script.unlink()
            raise SubmitError(f"sbatch: {done.stderr.strip() or done.stdout.strip()}")
        self._absent.pop(job.folder, None)
        return done.stdout.strip().split(";")[0]

    def script(self, job: Job, command: Sequence[str]) -> str:
        """The batch script of a job, in which nothing but ``setup`` and the command runs."""
        require_plain("The folder of the job", str(job.folder))
        require_plain("The name of the job", job.name)
        return TEMPLATE.format(
            directives="\n".join(f"#SBATCH {shlex.quote(o)}" for o in self._options(job)),
            setup="\n".join(self.setup),
            cpus=shlex.quote(f"--cpus-per-task={self.directives['cpus-per-task']}"),
            command=shlex.join(command),
            code=shlex.quote(str(job.folder / EXIT_CODE)),
        )

    def _options(self, job: Job) -> list[str]:
        output = str(job.folder / OUTPUT).replace("%", "%%")
        options = {"job-name": job.name, "output": output, **self.directives}
        return [
            f"--{key}" if value is True else f"--{key}={value}"
            for key, value in options.items()
            if value is not None and value is not False
        ]

    def poll(self, jobs: Mapping[int, Job]) -> dict[int, Status] | None:
        """Status by the queue; None when it cannot be read, as while SLURM restarts."""
        if not jobs:
            return {}
        done = _run(["squeue", "--me", "--noheader", "--format=%A|%j|%T|%r"])
        if done.returncode:
            if not self._warned:
                log.warning("squeue says: %s. Waiting for it.", done.stderr.strip())
            self._warned = True
            return None
        self._warned = False
        # jobs of other programs may have any name, those of sweeps have no bar in theirs
        rows = (line.strip().split("|", 3) for line in done.stdout.splitlines())
        queue = {row[1]: (row[0], _in_words(*row[2:])) for row in rows if len(row) == 4}
        return {number: self._look(job, queue) for number, job in jobs.items()}

    def stop(self, jobs: Sequence[Job]) -> None:
        """Cancels jobs; running trainings get SIGTERM."""
        ids = [job.id for job in jobs if job.id]
        if ids:
            _run(["scancel", *ids])

    def _look(self, job: Job, queue: Mapping[str, tuple[str, str]]) -> Status:
        if job.name in queue:
            self._absent.pop(job.folder, None)
            return Status(True, queue[job.name][1], id=queue[job.name][0])
        # not gone at once: over a network file system its files may still be on their way
        looks = self._absent[job.folder] = self._absent.get(job.folder, 0) + 1
        if looks < LOOKS:
            return Status(True, ENDING, id=job.id)
        self._absent.pop(job.folder)
        return Status(False, "gone", _exit_code(job.folder / EXIT_CODE), job.id)


def _megabytes(gigabytes: float | None) -> str | None:
    if gigabytes is None:
        return None
    if isinstance(gigabytes, bool) or not isinstance(gigabytes, int | float) or not gigabytes > 0:
        raise ValueError(f"mem_gb must be a number of GB; got {gigabytes!r}")
    return f"{round(gigabytes * 1024)}M"


def _lines(setup: object) -> tuple[str, ...]:
    """The user's own lines of shell."""
    if isinstance(setup, str) or not isinstance(setup, Sequence):
        raise ValueError(
            f"setup must be a list of lines of shell, such as ['module load cuda']; got {setup!r}"
        )
    return tuple(str(line) for line in setup)


def _require_option(name: str, value: object) -> None:
    """Raises an error unless a name and its value make one option of sbatch."""
    if not OPTION.fullmatch(name):
        raise ValueError(
            f"{name!r} is no option of sbatch; name one without dashes in front, such as exclude"
        )
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str)):
        raise ValueError(f"{name} must be text or a number; got {value!r}")
    require_plain(name, value)


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))


def _exit_code(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if re.fullmatch(r"\d+", text) else None


def _in_words(state: str, reason: str) -> str:
    # of the reasons of a waiting job only the unusual ones are worth a word
    unusual = state == "PENDING" and reason not in ("None", "", "Priority", "Resources")
    return f"{state.lower()} ({reason})" if unusual else state.lower()
