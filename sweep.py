"""Searches hyperparameters, locally or on SLURM: ``python sweep.py --help``."""

from __future__ import annotations

import logging
import sys

import hydra
from omegaconf import DictConfig

from softsym.sweeps.command_line import (
    check_arguments,
    hydra_arguments,
    plain,
    register,
    reported,
    require_optuna,
)

register()


@hydra.main(version_base="1.3", config_path="conf", config_name="sweep")
def main(config: DictConfig) -> None:
    """Does what the config asks for."""
    logging.captureWarnings(True)
    with reported(config.debug, "sweep"):
        require_optuna()
        from softsym.sweeps.search.run import act  # noqa: PLC0415 (loads optuna and torch)

        act(plain(config))


if __name__ == "__main__":
    with reported(command="sweep"):
        sys.argv[1:] = check_arguments(hydra_arguments(sys.argv[1:]))
    main()
