"""Makes ``market`` and ``compliance`` importable, and settles how properties are searched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

from softsym.symmetries import group

HERE = Path(__file__).parent
REFERENCE = HERE.parents[1] / "shared" / "reference"

# importlib mode puts no test folder on the path; last place, so that no package of ours is hidden
sys.path.append(str(HERE))
pytest.register_assert_rewrite("market", "compliance")

# threads that wait for each other on a busy machine make small matrices fifty times slower
torch.set_num_threads(1)

settings.register_profile("softsym", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("softsym")


@pytest.fixture(scope="session")
def reference():
    """Opens an archive of reference values, or skips where it is not on this machine."""

    def load(name: str):
        path = Path(os.environ.get("SOFTSYM_REFERENCE", REFERENCE)) / name
        if not path.exists():
            pytest.skip(f"the reference values {path} are not on this machine")
        return np.load(path)

    return load


@pytest.fixture(scope="session")
def warm():
    """A process that forks for each script, so that tests need not wait for imports."""
    from warm_python import WarmPython

    python = WarmPython()
    yield python
    python.close()


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a small disk of a given size; only root may."""
    folder = tmp_path / "disk"

    def make(kilobytes: int) -> Path:
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a disk to fill cannot be mounted: {done.stderr.strip()}")
        return folder

    yield make
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def pytest_generate_tests(metafunc):
    """A suite with ``groups = ("SO(3)", ...)`` runs its tests of ``G`` for each of them."""
    names = getattr(metafunc.cls, "groups", None)
    if names is not None and "G" in metafunc.fixturenames:
        metafunc.parametrize("G", [group(name) for name in names], ids=names)
