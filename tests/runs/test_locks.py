from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from softsym.runs.errors import UserError
from softsym.runs.locks import locked


def test_a_second_process_is_refused_or_waits(tmp_path):
    path, entered = tmp_path / "new" / ".lock", []
    with locked(path, "busy") as waited:
        assert not waited
        with pytest.raises(UserError, match="busy"), locked(path, "busy"):
            pass

        def wait():
            with locked(path, "busy", wait=True) as was_held:
                entered.append(was_held)

        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(0.3)
        assert entered == []
    thread.join(10)
    assert entered == [True]


def test_a_killed_process_leaves_no_lock(tmp_path):
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom softsym.runs.locks import locked\n"
        "with locked(Path(sys.argv[1]), 'busy'):\n    os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / ".lock")], check=False)
    with locked(tmp_path / ".lock", "busy") as waited:
        assert not waited
