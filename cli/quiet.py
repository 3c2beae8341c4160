"""Silences advice of libraries that users of this project cannot act on."""

from __future__ import annotations

import logging
import warnings

from softsym.cli import slurm


def quiet() -> None:
    """Filters log messages and warnings; those that a user can act on remain."""
    for name in ("utilities.rank_zero", "accelerators.cuda", "trainer.connectors"):
        logging.getLogger(f"lightning.pytorch.{name}").setLevel(logging.WARNING)
    logging.getLogger("lightning.fabric.utilities.distributed").setLevel(logging.WARNING)
    # the loaders slice tensors in memory: more workers would have nothing to do
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    # metrics are reduced over ranks before they are logged
    warnings.filterwarnings("ignore", message=".*recommended to use.*sync_dist=True.*")
    warnings.filterwarnings("ignore", message=".*LeafSpec.*is deprecated.*")
    warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
    if slurm.current() is None:  # a login node, where starting without srun is right
        warnings.filterwarnings("ignore", message="The `srun` command is available")
