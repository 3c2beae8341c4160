"""Kills what a sweep on SLURM consists of, again and again, and counts the results that are lost.

A grid of small runs is launched on a SLURM that this script starts (Debian's slurmctld, slurmd and
munge, as root). Every few seconds something happens to it: a training is killed, told to make room,
requeued or cancelled, or the launcher is killed and started again. When all is done every run is
compared with the one of an undisturbed sweep: weights, metrics, strengths of every epoch, bit for
bit.

    python benchmarks/kills.py --runs 8 --events 24
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from cluster.slurm import Slurm
from cluster.trainings import command, finished, same

SETTINGS = (
    "trainer.max_epochs=120",
    "callbacks.last.every_n_epochs=4",
    "callbacks.strengths.every_n_epochs=4",
)


def main() -> None:
    """Prints a table for RESULTS.md."""
    options = parsed()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        calm, wild = Path(folder, "calm"), Path(folder, "wild")
        calm.mkdir()
        wild.mkdir()
        started = time.monotonic()
        launched(calm, os.environ, options.runs, "hydra/launcher=local").wait()
        undisturbed = time.monotonic() - started
        cluster = Slurm()
        cluster.start()
        try:
            started = time.monotonic()
            events, launches = disturbed(cluster, wild, options)
            seconds = time.monotonic() - started
        finally:
            cluster.stop()
        report(calm, wild, events, launches, (undisturbed, seconds))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=8, help="runs of the grid (default: 8)")
    parser.add_argument("--events", type=int, default=24, help="things that happen (default: 24)")
    parser.add_argument("--every", type=float, default=6.0, help="seconds between (default: 6)")
    parser.add_argument("--seed", type=int, default=0, help="of what happens (default: 0)")
    parser.add_argument("--folder", help="where to work (default: the system's)")
    return parser.parse_args()


def launched(folder: Path, env: object, runs: int, *overrides: str) -> subprocess.Popen:
    words = shlex.split(command("-m", f"seed=range({runs})", *SETTINGS, *overrides))
    words.remove("-m")
    words.insert(2, "-m")
    with (folder / "launcher.log").open("a") as log:
        return subprocess.Popen(words, cwd=folder, env=env, stdout=log, stderr=log)


def disturbed(cluster: Slurm, folder: Path, options: argparse.Namespace) -> tuple[Counter, int]:
    """Runs the grid while things happen; which, and how often it was launched."""
    draw, events, launches = random.Random(options.seed), Counter(), 0

    def launch() -> subprocess.Popen:
        nonlocal launches
        launches += 1
        polls = "hydra.launcher.poll_seconds=0.5"
        env = cluster.environment
        return launched(folder, env, options.runs, "hydra/launcher=slurm", polls)

    launcher = launch()
    while True:
        time.sleep(options.every * draw.uniform(0.3, 1.7))
        if launcher.poll() == 0:
            return events, launches
        if launcher.poll() is not None:  # it has told of runs that were killed or cancelled
            launcher = launch()
        elif events.total() < options.events:
            name, happen = draw.choice(list(DISTURBANCES.items()))
            if name == "launcher killed":
                launcher.kill()
                launcher.wait()
                events[name] += 1
            elif running := [r["JobId"] for r in cluster.jobs() if r["JobState"] == "RUNNING"]:
                events[name] += bool(happen(cluster, draw.choice(running)))


def kill_training(cluster: Slurm, job: str) -> bool:
    """Kills the training's process, wherever it stands."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            seen = (process / "environ").read_bytes().split(b"\0")
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"SLURM_JOB_ID={job}".encode() in seen and b"python" in words[0]:
            os.kill(int(process.name), signal.SIGKILL)
            return True
    return False


def told(name: str) -> Callable[[Slurm, str], bool]:
    def happen(cluster: Slurm, job: str) -> bool:
        cluster.command("scancel", f"--signal={name}", job, check=False)
        return True

    return happen


def requeued(cluster: Slurm, job: str) -> bool:
    cluster.command("scontrol", "requeue", job, check=False)
    return True


def cancelled(cluster: Slurm, job: str) -> bool:
    cluster.command("scancel", job, check=False)
    return True


DISTURBANCES: dict[str, Callable[[Slurm, str], bool]] = {
    "training killed": kill_training,
    "SIGTERM": told("TERM"),
    "SIGUSR1": told("USR1"),
    "SIGUSR2": told("USR2"),
    "requeued": requeued,
    "cancelled": cancelled,
    "launcher killed": kill_training,
}


def report(
    calm: Path, wild: Path, events: Counter, launches: int, seconds: tuple[float, float]
) -> None:
    """Compares the runs, and prints what happened to them."""
    lost, changed, resumed, begun = [], [], 0, 0
    folders = [path for path in sorted(calm.glob("multirun/quickstart/*")) if path.is_dir()]
    for folder in folders:
        other = wild / folder.relative_to(calm)
        if not finished(other):
            lost.append(other.name)
            continue
        log = (other / "train.log").read_text()
        resumed += log.count("Resuming from")
        begun += log.count("starting from the beginning")
        try:
            same(folder, other)
        except AssertionError:
            changed.append(other.name)
    print("| what happened | times |\n|---|---|")
    for name in DISTURBANCES:
        print(f"| {name} | {events[name]} |")
    print(f"| all | {events.total()} |\n")
    print(f"{len(folders)} runs: {len(lost)} lost, {len(changed)} other than undisturbed.", end=" ")
    print(f"{begun} starts from the beginning, {resumed} from a checkpoint, {launches} launches;")
    print(f"{seconds[1]:.0f} s, undisturbed on the same cores {seconds[0]:.0f} s.")
    for name in (*lost, *changed):
        print(f"  {name}")
    sys.exit(1 if lost or changed or not folders else 0)


if __name__ == "__main__":
    main()
