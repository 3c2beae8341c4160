"""Sweeps: many runs of one command, as a grid or as a search, each run a job of its own.

``grid/`` runs every combination of some values, ``search/`` lets Optuna choose them, and
``executors/`` run the jobs of both, here or on SLURM.
"""

import softsym  # noqa: F401 (one copy of each module, see softsym.same_modules)
