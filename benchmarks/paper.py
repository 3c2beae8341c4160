"""The paper's synthetic results: tasks x models x seeds, as tables and figures.

    python benchmarks/paper.py --quick                      # the whole shape in five minutes
    python benchmarks/paper.py                              # inertia and cosine similarity, in full
    python benchmarks/paper.py --scale 0.25 --seeds 0 1 2   # a quarter of the epochs
    python benchmarks/paper.py --tasks dial_scale50 --models per best --gpus 0 1
    python benchmarks/paper.py --ablation                   # what each setting of `best` brings

Every run is a process of its own, with its own folder under --out. Started again, the grid goes on
where it stopped: what is done is not run again, a killed run resumes from its checkpoint, and a
failed one is tried once more. A failure is recorded and leaves the others alone.
Leaves results.csv (a row a run), report.md, report.html and figures/*.png in --out.
"""

from __future__ import annotations

import argparse
import math
import shlex
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console

from benchmarks.grid.console import run_and_report, slots, stop_as_by_ctrl_c
from benchmarks.grid.plan import (
    ABLATION,
    DEFAULT_TASKS,
    MISSPECIFIED,
    MODELS,
    TASKS,
    VARIANTS,
    planned,
    recipes,
)
from benchmarks.grid.report import write_report
from benchmarks.grid.runner import (
    OtherGridError,
    only_grid,
    require_same_grid,
)

QUICK_TASKS = ("inertia_z", "cosine_so3", "dial_0", "dial_scale100")
QUICK_SCALE = 0.02
ABLATION_TASKS = ("inertia_z",)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked; that of the process by default."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tasks",
        nargs="+",
        metavar="TASK",
        help=f"of {', '.join(TASKS)}; all of inertia and "
        "cosine similarity by default; 'dials' and 'se3' stand for all of these",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        choices=(*MODELS, *MISSPECIFIED, *VARIANTS),
        help=f"of {', '.join(MODELS)} (all by default); for inertia {', '.join(MISSPECIFIED)} as "
        f"well, and changes of a recipe: {', '.join(VARIANTS)}",
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--scale", type=float, help="share of the epochs of the recipes; 1")
    parser.add_argument("--jobs", type=int, help="runs at once; one a core, or one a GPU")
    parser.add_argument("--gpus", nargs="+", help="GPUs to use, such as 0 1; none by default")
    parser.add_argument("--out", type=Path, help="folder of the grid; outputs/paper")
    parser.add_argument("--quick", action="store_true", help="a few tasks, one seed, few epochs")
    parser.add_argument(
        "--ablation",
        action="store_true",
        help="the best recipe and each change of it, on inertia_z if no tasks are given",
    )
    parser.add_argument("--report-only", action="store_true", help="runs nothing")
    parser.add_argument("--set", nargs="+", default=[], help="overrides for all, as train.py's")
    parsed = parser.parse_args(given)
    parsed.tasks = _tasks(parser, parsed)
    parsed.scale = (QUICK_SCALE if parsed.quick else 1.0) if parsed.scale is None else parsed.scale
    parsed.seeds = parsed.seeds[:1] if parsed.quick else parsed.seeds
    usual = ABLATION if parsed.ablation else MODELS
    parsed.models = list(dict.fromkeys(parsed.models or usual))
    folder = "ablation" if parsed.ablation else "paper"
    parsed.out = parsed.out or Path("outputs") / (f"{folder}_quick" if parsed.quick else folder)
    if not 0 < parsed.scale < math.inf:
        parser.error(f"--scale must be a finite number above 0; got {parsed.scale:g}")
    if parsed.out.exists() and not parsed.out.is_dir():
        parser.error(f"--out must be a folder; {parsed.out} is a file")
    if min(parsed.seeds) < 0:
        parser.error(f"--seeds must be at least 0; got {min(parsed.seeds)}")
    if parsed.jobs is not None and parsed.jobs < 1:
        parser.error(f"--jobs must be at least 1; got {parsed.jobs}")
    return parsed


def _tasks(parser: argparse.ArgumentParser, given: argparse.Namespace) -> list[str]:
    usual = QUICK_TASKS if given.quick else DEFAULT_TASKS
    asked = given.tasks or list(ABLATION_TASKS if given.ablation else usual)
    families = {"dials": "known_answer", "se3": "se3_distance"}
    names = []
    for name in asked:
        if name in families:
            names += [task.name for task in TASKS.values() if task.family == families[name]]
        elif name in TASKS:
            names.append(name)
        else:
            parser.error(f"there is no task {name!r}; choose of {', '.join(TASKS)}, dials, se3")
    return list(dict.fromkeys(names))


def main() -> int:
    """Runs the grid and writes its report; 1 if a run failed."""
    given, console = arguments(), Console()
    stop_as_by_ctrl_c()
    try:
        with console.status("composing the recipes"):
            found = recipes(given.tasks, given.models, given.scale, given.set)
        runs = planned(found, given.seeds, given.out)
        if not runs:
            raise ValueError(f"None of the tasks has a recipe for {', '.join(given.models)}.")
        if given.report_only and not given.out.exists():
            raise ValueError(f"There is no grid in {given.out} to report on; see --out.")
        require_same_grid(runs)
        with nullcontext() if given.report_only else only_grid(given.out):
            command = shlex.join(["python", *sys.argv])
            report = partial(write_report, runs, given.out, command)
            where = [] if given.report_only else slots(given.jobs, given.gpus)
            return run_and_report(runs, where, console, report)
    except (OtherGridError, HydraException, OmegaConfBaseException, ValueError) as error:
        console.print(f"error: {error}", style="red", markup=False)
        return 2


if __name__ == "__main__":
    sys.exit(main())
