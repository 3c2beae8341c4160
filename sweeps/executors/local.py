"""Trials as processes of this machine."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from softsym.runs.outcome import OUTPUT
from softsym.sweeps.executors.base import OUTSIDE, Job, Status, SubmitError

LOCK = "job.lock"


class LocalExecutor:
    """Starts each trial in a session of its own.

    The process of a trial holds a lock in the trial's folder as long as it lives, by a file that it
    inherits open. So whoever comes later sees whether it still runs, even where sweep.py was
    killed and its processes live on, and no second one is started beside it.

    Args:
        poll_seconds: How often to look.
        devices: CUDA devices, of which every process gets one: a list of their numbers. Null leaves
            all devices to all processes.
    """

    kind = "local"
    survives = False

    def __init__(self, poll_seconds: float = 0.5, devices: Sequence[int] | None = None) -> None:
        if devices is not None and not (isinstance(devices, list | tuple) and devices):
            raise ValueError("devices must be null or a list of CUDA devices, such as [0, 1]")
        self.poll_seconds, self.devices = poll_seconds, devices
        self._processes: dict[Path, subprocess.Popen[bytes]] = {}
        self._on_device: dict[Path, int] = {}

    def submit(self, job: Job, command: Sequence[str]) -> str:
        """Starts a process."""
        job.folder.mkdir(parents=True, exist_ok=True)
        with (job.folder / LOCK).open("a") as lock, (job.folder / OUTPUT).open("ab") as output:
            if not _taken(lock):
                raise SubmitError(f"a process still runs in {str(job.folder)!r}")
            # a trial is no task of the SLURM job that sweep.py may run in
            process = subprocess.Popen(
                [*OUTSIDE, *self._placed(job.folder), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock.fileno(),),
            )
        self._processes[job.folder] = process
        return str(process.pid)

    def poll(self, jobs: Mapping[int, Job]) -> dict[int, Status]:
        """Looks at processes."""
        return {number: self._look(job) for number, job in jobs.items()}

    def stop(self, jobs: Sequence[Job]) -> None:
        """Sends SIGTERM."""
        for job in jobs:
            # while the lock is held the number cannot have gone to another process
            if job.id and self._look(job).alive:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(int(job.id), signal.SIGTERM)

    def _look(self, job: Job) -> Status:
        process = self._processes.get(job.folder)
        if process is not None and process.poll() is None:
            return Status(True, "running", id=job.id)
        code = None if process is None else process.returncode
        if process is not None and code:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # what a killed one left behind
        if _held(job.folder / LOCK):
            return Status(True, "running", id=job.id)
        self._on_device.pop(job.folder, None)
        return Status(False, "gone", code, job.id)

    def _placed(self, folder: Path) -> list[str]:
        """What puts the process on the device that the fewest others use."""
        if self.devices is None:
            return []
        used = list(self._on_device.values())
        device = min(self.devices, key=used.count)
        self._on_device[folder] = device
        return ["env", f"CUDA_VISIBLE_DEVICES={device}"]


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held(path: Path) -> bool:
    """Whether somebody holds the lock."""
    if not path.exists():
        return False
    with path.open("a") as lock:
        return not _taken(lock)
