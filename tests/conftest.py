"""Makes ``market`` and ``compliance`` importable, and settles how properties are searched."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

from symmetries import group

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


def pytest_generate_tests(metafunc):
    """A suite with ``groups = ("SO(3)", ...)`` runs its tests of ``G`` for each of them."""
    names = getattr(metafunc.cls, "groups", None)
    if names is not None and "G" in metafunc.fixturenames:
        metafunc.parametrize("G", [group(name) for name in names], ids=names)
