"""A real SLURM on this machine: Debian's daemons in the foreground, with made-up nodes."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cluster.settings import NODES, SYSTEM_PATH, configure, environment

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "scancel", "sinfo")
FINISHED = frozenset(
    ("CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "PREEMPTED", "TIMEOUT")
)


class SlurmError(RuntimeError):
    """SLURM did not start, refused a command, or took too long."""


def missing() -> str | None:
    """Why SLURM cannot be started here; None where it can."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=SYSTEM_PATH) is None]
    if absent:
        return (
            f"no SLURM here ({', '.join(absent)} not found): "
            "apt-get install slurmctld slurmd slurm-client munge"
        )
    return None if os.geteuid() == 0 else "the daemons of SLURM need root"


class Slurm:
    """A running cluster; ``environment`` leads every program that is given it there.

    Attributes:
        environment: For subprocesses; the test's own stays as it is.
        nodes: Their names.
        folder: Configuration, logs and spool.
    """

    nodes = NODES

    def __init__(self) -> None:
        # not tmp_path: whoever runs a job must get through every folder above its spool
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.folder.chmod(0o755)
        self.environment = environment(self.folder)
        self._daemons: list[subprocess.Popen] = []

    def start(self) -> None:
        """Returns when all nodes are idle.

        Raises:
            SlurmError: If they aren't in 30 s, with what the daemons said; all are stopped then.
        """
        try:
            configure(self.folder)
            self._start_daemons()
            self.until(self._idle, 30, "the nodes to be idle")
        except BaseException as error:
            logs = self.logs()
            self.stop()
            if not isinstance(error, Exception):
                raise
            raise SlurmError(f"SLURM did not start: {error}\n{logs}") from error

    def stop(self) -> None:
        """Ends jobs and daemons, and removes the folder."""
        try:
            if len(self._daemons) == 2 + len(NODES) and not self._ended():
                self._end_jobs()
        finally:
            for daemon in reversed(self._daemons):
                _end(daemon)
            _kill_all_with(f"SLURM_CONF={self.environment['SLURM_CONF']}")
            shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *words: str, cwd: Path | None = None, check: bool = True) -> str:
        """What a command of SLURM printed.

        Raises:
            SlurmError: If it failed and ``check`` is set.
        """
        done = subprocess.run(
            words,
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check and done.returncode:
            raise SlurmError(f"{' '.join(words)} failed: {done.stderr or done.stdout}")
        return done.stdout

    def sbatch(self, script: str, *options: str, cwd: Path) -> str:
        """Submits a script (its body: the interpreter is added) and returns the job's id.

        Output goes to ``<job>.out`` in ``cwd`` (``<job>_<task>.out`` in an array), appended to
        after a requeue. A program belongs under ``srun`` or ``exec``: else the shell dies of a
        signal at once and leaves it behind, unknown to SLURM and beside its own second run.
        """
        pattern = "%A_%a.out" if any(o.startswith(("--array", "-a")) for o in options) else "%j.out"
        path = cwd / f"job-{secrets.token_hex(4)}.sh"
        path.write_text(f"#!/bin/bash\n{script}\n")
        defaults = ("--parsable", f"--output={pattern}", "--open-mode=append")
        return self.command("sbatch", *defaults, *options, str(path), cwd=cwd).strip()

    def jobs(self) -> list[dict[str, str]]:
        """All jobs and tasks of arrays, by the names of ``scontrol show job``.

        ``Job`` is added: ``7``, or ``7_0`` for a task of an array (``7_[0-2]`` while these wait).
        """
        lines = self.command("scontrol", "show", "job", "-o").splitlines()
        records = [dict(f.split("=", 1) for f in line.split() if "=" in f) for line in lines]
        return [{"Job": _name(r)} | r for r in records if "JobId" in r]

    def records(self, job: str) -> list[dict[str, str]]:
        """Those of a job, of one task of an array (``7_0``), or of all its tasks (``7``)."""
        return [r for r in self.jobs() if job in {r["Job"], r["Job"].partition("_")[0]}]

    def state(self, job: str) -> str:
        """Of a job or a task of an array; of an array, the states of its tasks, each once."""
        return ",".join(sorted({r["JobState"] for r in self.records(job)}))

    def wait(
        self, job: str, states: str | Iterable[str] = FINISHED, timeout: float = 60
    ) -> list[dict[str, str]]:
        """Returns a job's records as soon as it, or every task of its array, is in a state.

        Raises:
            SlurmError: After ``timeout`` seconds, or when one has ended in another state, with the
                states and the output.
        """
        wanted = {states} if isinstance(states, str) else set(states)
        found: list[dict[str, str]] = []

        def settled() -> bool:
            found[:] = self.records(job)
            seen = {r["JobState"] for r in found}
            return bool(seen) and (seen <= wanted or bool(seen & FINISHED - wanted))

        hope = f"job {job} to be {' or '.join(sorted(wanted))}"
        try:
            self.until(settled, timeout, hope)
            if not {r["JobState"] for r in found} <= wanted:
                raise SlurmError(f"waited in vain for {hope}")
        except SlurmError as error:
            raise SlurmError(f"{error}: {_brief(found)}\n{self.output(job)}") from None
        return found

    def output(self, job: str) -> str:
        """What a job, or all tasks of an array, wrote so far."""
        paths = sorted({Path(r["StdOut"]) for r in self.records(job) if "StdOut" in r})
        return "".join(p.read_text(errors="replace") for p in paths if p.exists())

    def scancel(self, job: str, signal: str | None = None, *options: str) -> None:
        """Cancels a job, or sends it a signal (``"TERM"``) by the rules of ``scancel``."""
        self.command("scancel", *([f"--signal={signal}"] if signal else []), *options, job)

    def requeue(self, job: str) -> None:
        """Puts a running job back into the queue, as preemption does."""
        self.command("scontrol", "requeue", job)

    def fail_node(self, node: str) -> None:
        """Takes a node away from under its jobs; they are requeued elsewhere."""
        self.command("scontrol", "update", f"nodename={node}", "state=down", "reason=test")

    def restore_node(self, node: str) -> None:
        """Undoes ``fail_node``."""
        # refused if the node, which still answers, was taken back already (ReturnToService)
        self.command("scontrol", "update", f"nodename={node}", "state=resume", check=False)
        self.until(lambda: self._node(node) == "idle", 30, f"node {node} to be idle")

    def until(self, happened: Callable[[], bool], timeout: float, what: str) -> None:
        """Waits.

        Raises:
            SlurmError: After ``timeout`` seconds, or if a daemon ends meanwhile.
        """
        end = time.monotonic() + timeout
        while not happened():
            for daemon in self._ended():
                raise SlurmError(f"{daemon.args} ended with {daemon.returncode}")
            if time.monotonic() > end:
                raise SlurmError(f"waited {timeout:g} s for {what}")
            time.sleep(0.1)

    def logs(self) -> str:
        """The last lines of what every daemon said."""
        tails = [
            f"== {p.name}\n" + "\n".join(p.read_text(errors="replace").splitlines()[-20:])
            for p in sorted(self.folder.glob("*.err"))
        ]
        return "\n".join(tails)

    def _start_daemons(self) -> None:
        files = {
            "key-file": "key",
            "socket": "sock",
            "pid-file": "pid",
            "log-file": "log",
            "seed-file": "seed",
        }
        options = [f"--{name}={self.folder}/munge.{end}" for name, end in files.items()]
        self._daemon("munged", "--foreground", "--force", *options)
        self.until((self.folder / "munge.sock").exists, 10, "munged to listen")
        self._daemon("slurmctld", "-D", "-c", "-i")
        for node in NODES:
            self._daemon("slurmd", "-D", "-N", node)

    def _daemon(self, *words: str) -> None:
        with (self.folder / f"{words[0]}-{len(self._daemons)}.err").open("w") as errors:
            # the death signal is for a test run that is killed: nobody else would end them
            daemon = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *words],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._daemons.append(daemon)

    def _ended(self) -> list[subprocess.Popen]:
        return [daemon for daemon in self._daemons if daemon.poll() is not None]

    def _idle(self) -> bool:
        states = self.command("sinfo", "-h", "-N", "-p", "main", "-o", "%T", check=False).split()
        return states == ["idle"] * len(NODES)

    def _node(self, node: str) -> str:
        return self.command("sinfo", "-h", "-N", "-p", "main", "-n", node, "-o", "%T").strip()

    def _end_jobs(self) -> None:
        """Kills them, whatever they do about it; a closed partition keeps them from coming back."""
        self.command("scontrol", "update", "partitionname=main", "state=down", check=False)
        self.command("scancel", "--full", "--signal=KILL", "--state=RUNNING", check=False)
        self.command("scancel", "--user=root", check=False)


def _name(record: dict[str, str]) -> str:
    if "ArrayJobId" not in record:
        return record["JobId"]
    task = record["ArrayTaskId"]
    return f"{record['ArrayJobId']}_{task if task.isdecimal() else f'[{task}]'}"


def _brief(records: list[dict[str, str]]) -> str:
    fields = ("Job", "JobState", "Reason", "ExitCode", "Restarts")
    return "; ".join(" ".join(f"{f}={r.get(f)}" for f in fields) for r in records)


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kill_all_with(variable: str) -> None:
    """Kills the processes in whose environment the variable is: steps, and what jobs left."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        pid = int(path.parent.name)
        try:
            if pid != os.getpid() and variable.encode() in path.read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
        except OSError:  # gone meanwhile
            continue
