"""What each setting of `experiment=inertia_best` brings: one changed at a time.

    python benchmarks/ablation.py                       # in full; one run a core at once
    python benchmarks/ablation.py --scale 0.25 --seeds 0 1

Resumable, like benchmarks/paper.py, whose runs and report these are. Leaves results.csv, report.md,
report.html and figures/*.png in --out.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.grid.plan import Recipe, Run, recipes
from benchmarks.grid.report import write_report
from benchmarks.grid.runner import OtherGridError, only_grid, require_same_grid, run_all

TASK = "inertia_z"
VARIANTS: dict[str, tuple[str, ...]] = {
    "best": (),
    "exponent_2": ("adjust_exponent=2.0",),
    "exponent_6": ("adjust_exponent=6.0",),
    "adjust_at_60": ("adjust_epoch=60",),
    "adjust_at_240": ("adjust_epoch=240",),
    "never_adjusted": ("policy=fixed",),
    "strength_1": ("initial_strength=1.0",),
    "strength_100": ("initial_strength=100.0",),
    "lr_0.001": ("optimizer.lr=1e-3",),
}
"""Name -> overrides of the recipe; what the first leaves alone, the others change."""


def variants(scale: float) -> list[Recipe]:
    """Every variant as a recipe of its own, named like a model."""
    return [
        replace(recipe, model=name)
        for name, changes in VARIANTS.items()
        for recipe in recipes([TASK], ["best"], scale, changes)
    ]


def main() -> int:
    """Runs what is missing, and writes the report; 1 if a run failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the epochs; 1")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, default=Path("outputs/ablation"))
    given = parser.parse_args()
    if given.scale <= 0 or given.jobs < 1 or min(given.seeds) < 0:
        parser.error("--scale must be above 0, --jobs at least 1, and --seeds at least 0")
    recipes_of = variants(given.scale)
    runs = [
        Run(recipe, seed, given.out.absolute() / recipe.model / f"seed{seed}")
        for seed in dict.fromkeys(given.seeds)
        for recipe in recipes_of
    ]
    failed = []

    def told(run: Run, what: str) -> None:
        print(f"{what}: {run.label}", flush=True)
        if what == "failed":
            failed.append(run)

    try:
        require_same_grid(runs)
        with only_grid(given.out):
            run_all(runs, [None] * given.jobs, told)
    except OtherGridError as error:
        parser.error(str(error))
    print(f"Report: {write_report(runs, given.out, shlex.join(['python', *sys.argv]))}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
