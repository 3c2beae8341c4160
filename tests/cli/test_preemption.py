"""A signal ends the process in good order from its first moment on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTENS = """\
from softsym.cli.preemption import listen
listen()
ready = lambda: print('ready', flush=True)
"""
WAITS = "ready(); import time; time.sleep(60)"
SCONTROL = """#!/bin/sh
echo "$@" >> {asked}
[ "$1" = show ] && echo "JobState=RUNNING BatchFlag=1"
kill -TERM $PPID
exit 0
"""


def ended(code, number, **env):
    plain = {k: v for k, v in os.environ.items() if not k.startswith("SLURM_")}
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENS + code],
        cwd=ROOT,
        env=plain | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2])
def test_the_exit_code_says_which_signal(number):
    code = f"try:\n  {WAITS}\nfinally:\n  print('cleaned up')"
    assert ended(code, number) == (128 + number, "cleaned up\n", "")


def test_only_the_standard_library_is_imported_by_then():
    code = "import sys; print(*sorted(sys.modules))"
    listed = subprocess.run(
        [sys.executable, "-c", LISTENS + code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = {name.split(".")[0] for name in listed.stdout.split()}
    assert not found & {"torch", "lightning", "hydra", "numpy", "omegaconf"}


@pytest.fixture
def job(tmp_path):
    """The environment of a batch job whose SLURM sends SIGTERM again at every question."""
    program = tmp_path / "scontrol"
    program.write_text(SCONTROL.format(asked=tmp_path / "asked"))
    program.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    return {"PATH": path, "SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0"}


def test_a_job_goes_back_to_the_queue_though_signals_keep_coming(job, tmp_path):
    code, _, errors = ended(WAITS, signal.SIGUSR1, **job)
    assert code == 128 + signal.SIGUSR1
    assert "SIGUSR1: Job 7 is back in the queue." in errors
    assert (tmp_path / "asked").read_text().split("\n")[:2] == ["show job -o 7", "requeue 7"]


def test_the_other_ranks_leave_that_to_rank_zero_and_wait_for_their_end(job, tmp_path):
    job["SLURM_PROCID"] = "2"
    started = time.monotonic()
    later = "import os, threading; threading.Timer(2, os.kill, (os.getpid(), 15)).start()"
    assert ended(f"{later}; {WAITS}", signal.SIGUSR2, **job)[0] == -signal.SIGTERM
    assert time.monotonic() - started < 15
    assert not (tmp_path / "asked").exists()


def test_a_signal_given_back_to_the_listener_ends_what_is_leaving():
    code = (
        f"import signal\ntry:\n  {WAITS}\n"
        "finally:\n  listen(); signal.raise_signal(15); print('not here')"
    )
    assert ended(code, signal.SIGTERM) == (128 + signal.SIGTERM, "", "")
