"""Runs the project's scripts as a user does, without waiting for their imports each time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class WarmPython:
    """Starts scripts by forking a process that has imported torch, Lightning and ours.

    Exit code and output are those of a process of its own. A test whose subject is the start of a
    process launches a real one.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, script: Path, arguments: Sequence[str], cwd: Path, env: Mapping[str, str]
    ) -> tuple[int, str]:
        """Runs a script to its end; returns its exit code and what it printed."""
        forked = self.start(script, arguments, cwd, env)
        output, _ = forked.communicate()
        return forked.returncode, output

    def start(
        self, script: Path, arguments: Sequence[str], cwd: Path, env: Mapping[str, str]
    ) -> Forked:
        """Starts a script."""
        folder = tempfile.TemporaryDirectory()
        job = {"argv": [str(script), *arguments], "cwd": str(cwd), "env": dict(env)}
        return Forked(self, self.ask(job | {"output": f"{folder.name}/output"}), folder)

    def ask(self, message: Mapping[str, object]) -> int | None:
        """Sends a message to the warm process; returns the answer."""
        process = self._started()
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def close(self) -> None:
        """Ends the warm process."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(timeout=60)
            self._process.stdout.close()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests" / "warm_process.py"), str(ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=plain_environment(),
            )
            assert json.loads(self._process.stdout.readline()) == "ready"
        return self._process


@dataclass
class Forked:
    """A script that runs, with what tests need of ``subprocess.Popen``."""

    python: WarmPython
    pid: int
    folder: tempfile.TemporaryDirectory
    returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code; None as long as the script runs."""
        if self.returncode is None:
            self.returncode = self.python.ask({"ended": self.pid})
        return self.returncode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def communicate(self, timeout: float = 600) -> tuple[str, None]:
        """Waits for the end; returns what the script printed."""
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                self.send_signal(signal.SIGKILL)
            time.sleep(0.005)
        with self.folder as folder:
            return Path(folder, "output").read_text(errors="replace"), None


def plain_environment() -> dict[str, str]:
    """The environment of a user without a key of Weights & Biases; 100 columns wide."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
    return kept | {"WANDB_MODE": "offline", "NETRC": "/dev/null", "COLUMNS": "100"}
