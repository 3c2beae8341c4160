"""Names of the files in a run folder."""

from __future__ import annotations

from pathlib import Path

CONFIG = "config.yaml"
"""The resolved config; a folder that holds one is a run folder."""
STARTED = "started.json"
"""What the run was started with: its command, overrides and choices."""
RECORD = "run.json"
"""How the run ended. Written last, so that a reader who finds it finds everything else."""
PRUNED = "pruned.json"
"""When and why a search ended the run early."""
METRICS = "metrics.json"
COST = "cost.json"
STRENGTHS = "strengths.csv"
REPORT = "symmetry_report.html"
LOG = "train.log"
OUTPUT = "output.log"
"""What a job of a sweep printed."""
LOCK = ".lock"
JOURNAL = "journal.log"
"""All trials of a search, in the folder above those of the trials."""
CHECKPOINTS = "checkpoints"
LAST_CHECKPOINT = Path(CHECKPOINTS) / "last.ckpt"
BEST_CHECKPOINT = Path(CHECKPOINTS) / "best.ckpt"
OVERVIEW = "overview.html"
"""The report of many runs, in a folder above theirs."""
