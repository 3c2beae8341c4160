"""A real SLURM for the tests of this folder, which are all marked ``cluster``."""

from __future__ import annotations

from pathlib import Path

import pytest
from cluster.slurm import Slurm, missing

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def slurm():
    """One cluster for all tests, so none may depend on the ids of its jobs."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    cluster = Slurm()
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
