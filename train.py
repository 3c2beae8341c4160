"""Trains one model with the configured symmetries: ``python train.py --help``."""

from __future__ import annotations

import logging
import shlex
import sys

import hydra
from omegaconf import DictConfig

from cli import resolvers
from cli.errors import reported
from cli.overrides import check_command_line
from cli.quiet import quiet
from cli.run import run

resolvers.register()
COMMAND = shlex.join(["python", *sys.argv])


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> None:
    """Runs what the config says."""
    quiet()
    logging.captureWarnings(True)
    with reported(config.debug):
        run(config, COMMAND)


if __name__ == "__main__":
    with reported():
        sys.argv += check_command_line(sys.argv[1:])
    main()
