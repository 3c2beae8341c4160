"""What needs no training: constant velocity, from the last step and fitted to the history."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import nn

from softsym.datamodules.eth_ucy import EthUcy
from softsym.metrics import displacement_errors, equivariance_error
from softsym.networks import ConstantVelocity, FittedVelocity
from softsym.symmetries import group

HISTORY, FUTURE, DIM = 8, 12, 2
WALKERS: Mapping[str, type[nn.Module]] = {
    "constant_velocity": ConstantVelocity,
    "fitted_velocity": FittedVelocity,
}

MODEL_ERROR = "test/equivariance_error/"

Values = dict[tuple[str, str], dict[str, float]]
"""Scene and model -> metric -> value."""


def baselines(
    scenes: Sequence[str], data_dir: Path, cache: Path, candidates: Mapping[str, str]
) -> Values:
    """Errors of the baselines on all test windows.

    Args:
        scenes: Scenes held out for the test.
        data_dir: Folder of the raw files.
        cache: Folder that keeps the windows.
        candidates: Name -> group whose equivariance error is measured.
    """
    found: Values = {}
    for scene in scenes:
        data = EthUcy(scene, str(data_dir), str(cache / "eth_ucy"), batch_size=1024)
        data.setup()
        inputs, targets = data.splits["test"]
        for name, walker in WALKERS.items():
            started = time.monotonic()
            model = walker(HISTORY, FUTURE, DIM)
            ade, fde = displacement_errors(model(inputs), targets, DIM)
            values = {"test/ade": float(ade.mean()), "test/fde": float(fde.mean())}
            values["run/seconds"] = time.monotonic() - started
            for key, name_of_group in candidates.items():
                error = equivariance_error(
                    model, data.rep_in, data.rep_out, group(name_of_group, DIM), inputs
                )
                values[MODEL_ERROR + key] = float(error)
            found[scene, name] = values | {"run/parameters": 0.0}
    return found
