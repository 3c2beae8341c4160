"""Jobs as processes of this machine."""

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
    """Starts each job in a session of its own.

    A process holds a lock in its run folder as long as it lives, through a file that it inherits
    open. So a later launcher sees whether the process still runs, even if the first launcher was
    killed, and starts no second one beside it. Each process gets one of the CUDA ``devices``, all
    of them if these are None.
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
        """Starts a process; refuses while the last one of the folder lives."""
        job.folder.mkdir(parents=True, exist_ok=True)
        with (job.folder / LOCK).open("a") as lock, (job.folder / OUTPUT).open("ab") as output:
            if not _try_lock(lock):
                raise SubmitError(f"a process still runs in {str(job.folder)!r}")
            # A session of its own keeps the terminal's Ctrl-C away: `stop` decides. Only the
            # lock's file is passed on, so that the lock lives exactly as long as the process.
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
        """Status of processes, also of those that another launcher started."""
        return {number: self._look(job) for number, job in jobs.items()}

    def stop(self, jobs: Sequence[Job]) -> None:
        """Sends SIGTERM, on which trainings save and end."""
        for job in jobs:
            # while the lock is held, no other process can have been given this number
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
                os.killpg(process.pid, signal.SIGKILL)  # children that a killed process left
        if (job.folder / LOCK).exists():
            with (job.folder / LOCK).open("a") as lock:
                if not _try_lock(lock):
                    return Status(True, "running", id=job.id)
        self._on_device.pop(job.folder, None)
        return Status(False, "gone", code, job.id)

    def _placed(self, folder: Path) -> list[str]:
        """Words before the command that put it on the device with the fewest processes."""
        if self.devices is None:
            return []
        device = min(self.devices, key=list(self._on_device.values()).count)
        self._on_device[folder] = device
        return ["env", f"CUDA_VISIBLE_DEVICES={device}"]


def _try_lock(lock: IO[str]) -> bool:
    """Takes the lock; false if another process holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
