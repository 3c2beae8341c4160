"""Runs the project's scripts as a user does, without waiting for their imports each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class WarmPython:
    """Starts scripts by forking a process that has imported torch, Lightning and ours.

    Exit code and output are those of a process of its own. A test whose subject is the start of a
    process, or signals to it, launches a real one.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, script: Path, arguments: Sequence[str], cwd: Path, env: Mapping[str, str]
    ) -> tuple[int, str]:
        """Runs a script to its end; returns its exit code and what it printed."""
        process = self._started()
        with tempfile.NamedTemporaryFile("r", errors="replace") as output:
            job = {"argv": [str(script), *arguments], "cwd": str(cwd), "env": dict(env)}
            process.stdin.write(json.dumps(job | {"output": output.name}) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            return int(answer), output.read()

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
            assert self._process.stdout.readline() == "ready\n"
        return self._process


def plain_environment() -> dict[str, str]:
    """The environment of a user without a key of Weights & Biases; 100 columns wide."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
    return kept | {"WANDB_MODE": "offline", "NETRC": "/dev/null", "COLUMNS": "100"}
