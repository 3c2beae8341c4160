"""Trains one model with the configured symmetries: ``python train.py --help``."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until listen() there is nothing to report

from softsym.cli.preemption import listen

if __name__ == "__main__":
    listen()  # the imports below take a while, in which a scheduler may want the machine

import logging
import sys

import hydra
from omegaconf import DictConfig

from softsym.cli import resolvers
from softsym.cli.errors import reported
from softsym.cli.jobs import FAILED, is_sweep, job, start_of_run
from softsym.cli.overrides import check_command_line, hydra_arguments
from softsym.cli.quiet import quiet
from softsym.cli.seeds import report_over_seeds
from softsym.cli.selection import FINAL_TRAININGS, show_final

resolvers.register()
GIVEN = tuple(sys.argv)


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> None:
    """Runs what the config says."""
    listen()
    quiet()
    logging.captureWarnings(True)
    # torch and Lightning take seconds to import: only once the command line is known to be right
    from softsym.cli.run import run  # noqa: PLC0415

    with job(config.debug) if is_sweep() else reported(config.debug):
        run(config, start_of_run(GIVEN), in_sweep=is_sweep())


if __name__ == "__main__":
    with reported():
        arguments = hydra_arguments(sys.argv[1:])
        sys.argv[1:] = [*arguments, *check_command_line(arguments)]
    main()
    if FINAL_TRAININGS and not FAILED:
        folder, sys.argv[1:] = FINAL_TRAININGS.pop()
        main()
        with reported():
            show_final(folder, sys.argv)
    with reported():
        report_over_seeds()
    if FAILED:
        sys.exit("\n".join(["", f"{len(FAILED)} runs failed:", *FAILED]))
