"""The stored config of a run, for commands that use its model."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from softsym.runs.errors import UserError
from softsym.runs.layout import CONFIG
from softsym.runs.untrusted import UnreadableError, read_yaml


def run_config(folder: Path) -> dict[str, Any]:
    """Reads the config of a run folder as data: nothing in it is resolved or built.

    Raises:
        UserError: If the folder is no run's, or its config is damaged.
    """
    path = folder / CONFIG
    try:
        config = read_yaml(path)
    except (UnreadableError, OSError) as error:
        raise UserError(
            f"{str(folder)!r} is no run folder that can be loaded: {CONFIG} cannot be read: {error}"
        ) from error
    if not isinstance(config, dict):
        raise UserError(f"{str(path)!r} holds no settings. Give the folder of a run.")
    return config


def data_settings(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of the datamodule; none if the config holds something else there."""
    found = config.get("datamodule")
    return found if isinstance(found, dict) else {}


def add_trust(parser: ArgumentParser) -> None:
    """Adds the option ``--trust``, which may be given several times."""
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="package of your own whose network the run uses",
    )
