"""Pedestrians by the standard protocol: one scene held out, 8 frames observed, 12 predicted.

    python benchmarks/eth_ucy.py --data-dir <folder>             # 5 scenes, 5 models, 3 seeds
    python benchmarks/eth_ucy.py --data-dir <folder> --quick     # the whole shape in a few minutes
    python benchmarks/eth_ucy.py --data-dir <folder> --scenes zara1 --models mlp per --seeds 0 1

Every run is a process of its own, with its own folder under --out. Started again, it goes on where
it stopped: what is done is not run again, and a killed run resumes from its checkpoint.
Leaves results.csv (a row a run), report.md and figures/*.png in --out.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console

from benchmarks.grid.console import run_and_report, slots, stop_as_by_ctrl_c
from benchmarks.grid.plan import Run, planned
from benchmarks.grid.results import as_csv, read, summed_up
from benchmarks.grid.runner import only_grid, require_same_grid
from benchmarks.pedestrians.baselines import Values, baselines
from benchmarks.pedestrians.figure import errors_figure, strengths_figure
from benchmarks.pedestrians.plan import MODELS, recipes
from benchmarks.pedestrians.tables import (
    Cells,
    cells,
    errors_table,
    strengths_table,
    symmetries_table,
)
from softsym.datamodules.eth_ucy import SCENES
from softsym.runs.files import write_atomically

QUICK_EPOCHS = 6


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked; that of the process by default."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data-dir", type=Path, required=True, help="folder of the eight raw files"
    )
    parser.add_argument("--scenes", nargs="+", choices=SCENES, default=list(SCENES))
    parser.add_argument("--models", nargs="+", choices=tuple(MODELS), default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="length of each training; that of the recipes")
    parser.add_argument("--jobs", type=int, help="runs at once; one a core, or one a GPU")
    parser.add_argument("--gpus", nargs="+", help="GPUs to use, such as 0 1; none by default")
    parser.add_argument("--out", type=Path, help="folder of all results; outputs/eth_ucy_grid")
    parser.add_argument("--quick", action="store_true", help="one seed, few epochs")
    parser.add_argument("--report-only", action="store_true", help="trains nothing")
    parsed = parser.parse_args(given)
    for name in ("scenes", "models", "seeds"):  # each once: two runs in one folder would collide
        setattr(parsed, name, list(dict.fromkeys(getattr(parsed, name))))
    if parsed.quick:
        parsed.seeds, parsed.epochs = parsed.seeds[:1], parsed.epochs or QUICK_EPOCHS
    parsed.out = parsed.out or Path("outputs") / (
        "eth_ucy_quick" if parsed.quick else "eth_ucy_grid"
    )
    for name in ("epochs", "jobs"):
        value = getattr(parsed, name)
        if value is not None and value < 1:
            parser.error(f"--{name} must be at least 1; got {value}")
    if min(parsed.seeds) < 0:
        parser.error(f"--seeds must be at least 0; got {min(parsed.seeds)}")
    return parsed


def write_report(
    runs: Sequence[Run], walkers: Values, out: Path, command: str, figures: bool = True
) -> Path:
    """Writes results.csv, report.md and the figures; returns the path of the report."""
    results = read(runs)
    candidates = runs[0].recipe.candidates
    found = cells(summed_up(results), walkers)
    write_atomically(out / "results.csv", as_csv(results))
    text = "\n\n".join(
        (
            f"```bash\n{command}\n```",
            "ADE / FDE in metres on all test windows, mean (standard deviation over seeds); best "
            "epoch on validation.",
            errors_table(found),
            "Equivariance error relative to the spread of the predictions, seconds of a run on one "
            "thread and parameters, means over scenes and seeds.",
            symmetries_table(found, candidates),
            *_strengths(found, candidates),
        )
    )
    write_atomically(out / "report.md", text + "\n")
    if figures:
        (out / "figures").mkdir(exist_ok=True)
        errors_figure(found).savefig(out / "figures" / "errors.png", dpi=150)
        if _strengths(found, candidates):
            strengths_figure(found, candidates).savefig(out / "figures" / "strengths.png", dpi=150)
    return out / "report.md"


def _strengths(found: Cells, candidates: Mapping[str, str]) -> tuple[str, ...]:
    """The paragraphs on strengths, none where no model has any."""
    if not any(model == "per" for _, model in found):
        return ()
    said = "Final strengths, the largest of each run = 1, least and greatest over seeds."
    return said, strengths_table(found, candidates)


def main() -> int:
    """Runs everything and writes the report; 1 if a run failed."""
    given, console = arguments(), Console()
    stop_as_by_ctrl_c()
    try:
        cache = given.out / "cache"
        with console.status("composing the recipes, cutting the windows"):
            found = recipes(given.scenes, given.models, given.data_dir, cache, given.epochs)
            runs = planned(found, given.seeds, given.out)
            require_same_grid(runs)
        with nullcontext() if given.report_only else only_grid(given.out):
            candidates = runs[0].recipe.candidates
            walkers = baselines(given.scenes, given.data_dir, cache, candidates)
            command = shlex.join(["python", *sys.argv])
            report = partial(write_report, runs, walkers, given.out, command)
            where = [] if given.report_only else slots(given.jobs, given.gpus)
            return run_and_report(runs, where, console, report)
    except (HydraException, OmegaConfBaseException, ValueError, OSError, ImportError) as error:
        console.print(f"error: {error}", style="red", markup=False)
        return 2


if __name__ == "__main__":
    sys.exit(main())
