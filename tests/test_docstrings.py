"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import sys

ROOMS = (
    "runs",
    "symmetries",
    "networks",
    "metrics",
    "regularizers",
    "datamodules",
    "cli",
    "sweeps",
)
EXTRAS = {"optuna", "plotly", "trajdata", "pyarrow"}


def modules():
    """Names of all modules in the rooms; pytest's own --doctest-modules would load them twice."""
    for room in ROOMS:
        package = importlib.import_module(f"softsym.{room}")
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield found.name


def loaded(name):
    """The module; None if it needs an extra that is not installed, as Optuna."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        return None


def test_examples_are_true():
    found = [module for name in modules() if (module := loaded(name)) is not None]
    results = [doctest.testmod(module) for module in found]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) > 30


def test_one_copy_of_every_module():
    import metrics
    import softsym.metrics
    import softsym.symmetries.group
    import symmetries.group

    assert sys.modules["symmetries.group"] is sys.modules["softsym.symmetries.group"]
    assert symmetries is softsym.symmetries
    assert metrics is softsym.metrics
    # the public name is still the function, not the file that holds it
    assert softsym.symmetries.group("SO(3)").dim == 3
