"""Ctrl-C while a script still imports: the process ends at once, without a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from warm_python import ROOT, plain_environment


@pytest.mark.parametrize(
    ("script", "seconds"), [("train.py", 0.1), ("train.py", 2.0), ("report.py", 0.3)]
)
def test_interrupt_during_imports(script, seconds, tmp_path):
    process = subprocess.Popen(
        [
            *(sys.executable, "-X", "importtime", str(ROOT / script)),
            "run_dir=run" if script == "train.py" else ".",
        ],
        cwd=tmp_path,
        env=plain_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # before the script's first line Ctrl-C is Python's own; its first import of ours comes after
    while "lazy_loader" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert "Traceback" not in output
    assert process.returncode in (130, -signal.SIGINT)
