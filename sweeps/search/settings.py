"""The settings of ``conf/sweep.yaml``, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from softsym.runs.errors import UserError
from softsym.sweeps.executors import require_whole

ACTIONS = ("run", "status")
# Smallest value of each whole number.
LEAST = {"n_trials": 1, "slots": 1, "startup_trials": 1, "retries": 0, "seed": 0, "report_every": 0}


@dataclass(frozen=True)
class Settings:
    """Settings that may change each time a search is continued; see ``conf/sweep.yaml``."""

    action: str
    folder: Path
    n_trials: int
    slots: int
    retries: int
    seed: int
    startup_trials: int
    report_every: int
    stop_seconds: float
    command: tuple[str, ...]


def make_settings(config: Mapping[str, Any]) -> Settings:
    """Checks the settings of the composed config."""
    if config["action"] not in ACTIONS:
        raise UserError(f"action={config['action']}: choose one of {', '.join(ACTIONS)}.")
    for key, lowest in LEAST.items():
        require_whole(key, config[key], lowest)
    if not re.fullmatch(r"[\w.-]+", str(config["name"])):
        raise UserError(
            f"name={config['name']}: a search's name has only letters, digits, '.', '_' and '-'."
        )
    values = {field.name: config[field.name] for field in fields(Settings)}
    values["folder"] = Path(config["folder"]).absolute()
    values["command"] = tuple(str(word) for word in config["command"])
    return Settings(**values)
