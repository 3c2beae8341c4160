"""Silences advice of libraries that does not concern the user of this project."""

from __future__ import annotations

import logging
import warnings

from softsym.cli import slurm


def quiet() -> None:
    """Leaves warnings and errors that a user can act on."""
    for name in ("utilities.rank_zero", "accelerators.cuda", "trainer.connectors"):
        logging.getLogger(f"lightning.pytorch.{name}").setLevel(logging.WARNING)
    # the loaders are slices of tensors: there is nothing that more workers could do
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    # metrics are reduced over ranks before they are logged
    warnings.filterwarnings("ignore", message=".*recommended to use.*sync_dist=True.*")
    warnings.filterwarnings("ignore", message=".*LeafSpec.*is deprecated.*")
    warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
    if slurm.current() is None:  # where jobs are submitted, which this is none of
        warnings.filterwarnings("ignore", message="The `srun` command is available")
