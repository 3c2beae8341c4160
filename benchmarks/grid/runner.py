"""Runs trainings several at once, each in a process of its own; finished ones are not run again."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from benchmarks.grid.plan import Run
from softsym.runs.files import write_atomically

ROOT = Path(__file__).resolve().parents[2]
RECORD, LOG = "grid_run.json", "grid_run.log"
FAILED = "grid_run.failed"
LOCK = "grid.lock"
STOPPED = (128 + signal.SIGTERM, -signal.SIGTERM)
"""Exit status of a run that went when the grid was stopped: with a checkpoint saved, or before it
had any."""
METRICS, COST, STRENGTHS = "metrics.json", "cost.json", "strengths.csv"


class OtherGridError(ValueError):
    """The folder holds a run with other settings."""


def is_done(run: Run) -> bool:
    """Whether a run has left its metrics."""
    return (run.folder / METRICS).exists()


def require_same_grid(runs: Sequence[Run]) -> None:
    """Keeps results of one grid from being taken for those of another.

    Raises:
        OtherGridError: If a run's folder was made with other overrides.
    """
    for run in runs:
        record = run.folder / RECORD
        if record.exists() and json.loads(record.read_text()) != run.overrides[:-1]:
            raise OtherGridError(
                f"{run.folder} holds a run with other settings than this grid's. Choose another "
                "folder with --out, or give the same --scale and overrides as before."
            )


@contextmanager
def only_grid(out: Path) -> Iterator[None]:
    """Keeps two grids from training in the same folders at once.

    Raises:
        OtherGridError: If another process holds the grid's folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / LOCK, timeout=0):
            yield
    except Timeout:
        raise OtherGridError(
            f"Another grid is running in {out}. Wait for it, or choose another --out."
        ) from None


def run_all(
    runs: Sequence[Run], slots: Sequence[str | None], told: Callable[[Run, str], None]
) -> None:
    """Runs what is not done yet.

    Args:
        runs: Trainings; a killed one goes on from its last checkpoint.
        slots: As many runs at once; each entry the GPU a slot uses, or None for the CPU.
        told: Called after each run with ``done``, ``failed`` or ``skipped``.
    """
    free: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    for slot in slots:
        free.put(slot)
    running: set[subprocess.Popen[bytes]] = set()
    stopping = threading.Event()

    def work(run: Run) -> str:
        slot = free.get()
        try:
            return "stopped" if stopping.is_set() else _train(run, slot, running)
        finally:
            free.put(slot)

    with ThreadPoolExecutor(len(slots)) as pool:
        futures = {pool.submit(work, run): run for run in runs if not is_done(run)}
        for run in runs:
            if run not in futures.values():
                told(run, "skipped")
        try:
            for future in as_completed(futures):
                told(futures[future], future.result())
        except KeyboardInterrupt:
            stopping.set()
            for process in list(running):  # each saves a checkpoint and leaves no metrics
                process.send_signal(signal.SIGTERM)
            raise


def _train(run: Run, gpu: str | None, running: set[subprocess.Popen[bytes]]) -> str:
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / FAILED).unlink(missing_ok=True)
    write_atomically(run.folder / RECORD, json.dumps(run.overrides[:-1]))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    where = []
    if gpu is not None:
        environment["CUDA_VISIBLE_DEVICES"] = gpu
        where = ["trainer=gpu"]
    resumed = ["ckpt_path=last"] if (run.folder / "config.yaml").exists() else []
    command = [sys.executable, "train.py", *run.overrides, *where, *resumed]
    with (run.folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the grid alone, which stops its runs itself
        )
        running.add(process)
        try:
            status = process.wait()
        finally:
            running.discard(process)
    if status == 0 and is_done(run):
        return "done"
    if status not in STOPPED:
        write_atomically(run.folder / FAILED, f"exit status {status}\n")
    return "failed"
