"""The settings of ``conf/sweep.yaml``, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from softsym.runs.errors import UserError

ACTIONS = ("run", "status")
# Smallest value of each whole number.
LEAST = {
    "n_trials": 1,
    "slots": 1,
    "retries": 0,
    "seed": 0,
    "startup_trials": 1,
    "report_every": 0,
}


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
    """Checks the settings of the composed config.

    Raises:
        UserError: If a setting makes no sense.
    """
    if config["action"] not in ACTIONS:
        raise UserError(f"action={config['action']}: choose one of {', '.join(ACTIONS)}.")
    for key, lowest in LEAST.items():
        given = config[key]
        if isinstance(given, bool) or not isinstance(given, int) or given < lowest:
            raise UserError(f"{key} must be a whole number of at least {lowest}; got {given}.")
    if not re.fullmatch(r"[\w.-]+", str(config["name"])):
        raise UserError(
            f"name={config['name']}: a search's name has only letters, digits, '.', '_' and '-'."
        )
    values = {field.name: config[field.name] for field in fields(Settings)}
    values["folder"] = Path(config["folder"]).absolute()
    values["command"] = tuple(str(word) for word in config["command"])
    return Settings(**values)
