"""Whether a policy without settings is as good as the default with settings tuned for each task.

    python benchmarks/policy_gate.py --tasks inertia_exact inertia_z --policies constrain \
        --seeds 0 1 2 --scale 0.25 --out outputs/policy_gate.jsonl

Every task of the grid is trained by its recipe ``best``, with the policy that the recipe tunes, and
again with nothing changed but the policy. Differences are paired by seed. Results go to a file, a
json line each; finished ones are not run again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.grid.plan import DEFAULT_TASKS, TASKS, recipes
from benchmarks.symmetry_study import store

TUNED = "tuned"
"""The recipe's own policy and settings: what the others are compared with."""
SCORE = "test/mse"
RANKS = {"exact": 2, "approximate": 1, "broken": 0}

Results = Mapping[str, Sequence[Mapping[str, Any]]]


def named(task: str, policy: str, scale: float) -> str:
    """The name of a cell in the file of results."""
    return f"{task} {policy} {scale:g}"


def train(extra: Sequence[str], cell: str, seed: int) -> dict[str, Any]:
    """Trains one cell with further overrides, and returns its numbers.

    Raises:
        RuntimeError: If the training fails, with the end of its output.
    """
    task, policy, scale = cell.split()
    recipe = recipes([task], ["best"], float(scale), extra)[0]
    chosen = [] if policy == TUNED else [f"policy={policy}"]
    with tempfile.TemporaryDirectory() as folder:
        overrides = [*recipe.overrides, *chosen, f"seed={seed}", f"run_dir='{folder}/run'"]
        done = subprocess.run(
            [sys.executable, "train.py", *overrides],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{cell}, seed {seed}: {(done.stdout + done.stderr)[-2000:]}")
        read = {
            name: json.loads((Path(folder) / "run" / f"{name}.json").read_text())
            for name in ("metrics", "cost")
        }
    metrics = read["metrics"]
    strengths = {
        n: metrics[f"strength/{n}"] for n in recipe.candidates if f"strength/{n}" in metrics
    }
    truth = {n: recipe.truth[G] for n, G in recipe.candidates.items() if G not in recipe.constant}
    return {
        "score": metrics[SCORE],
        "ood": metrics.get("ood/mse", math.nan),
        "right": right_pairs(strengths, truth),
        "seconds": read["cost"]["run/seconds"],
        "epochs": recipe.epochs,
    }


def right_pairs(strengths: Mapping[str, float], truth: Mapping[str, str]) -> list[int]:
    """Pairs of trained symmetries whose strengths are in the order of the truth, and all pairs."""
    known = [n for n, s in strengths.items() if n in truth and n not in ("o3", "both", "all")]
    pairs = [
        (strengths[a] - strengths[b]) * (RANKS[truth[a]] - RANKS[truth[b]]) > 0
        for a, b in combinations(known, 2)
        if truth[a] != truth[b]
    ]
    return [sum(pairs), len(pairs)]


def paired(results: Results, tuned_cell: str, cell: str) -> list[float]:
    """log2 of the ratio of errors to those of the tuned policy, for each seed that both have."""
    tuned, mine = (
        {r["seed"]: r["result"]["score"] for r in results.get(name, ())}
        for name in (tuned_cell, cell)
    )
    return [math.log2(mine[seed] / tuned[seed]) for seed in mine if seed in tuned]


def verdict(differences: Sequence[float]) -> str:
    """What paired differences say: better or worse beyond their spread, or neither."""
    if len(differences) < 2:
        return "too few"
    middle, spread = mean(differences), stdev(differences)
    if abs(middle) <= spread:
        return "alike"
    return "worse" if middle > 0 else "better"


def table(results: Results, tasks: Sequence[str], policies: Sequence[str], scale: float) -> str:
    """One row for each task and policy, as Markdown."""
    lines = [
        "| task | policy | test MSE | OOD MSE | log2 of the ratio to tuned | verdict "
        "| right pairs | epochs | seconds | runs |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for task in tasks:
        for policy in policies:
            cells = [named(task, each, scale) for each in (TUNED, policy)]
            runs = [r["result"] for r in results.get(cells[1], ())]
            if runs:
                lines.append(_row(task, policy, runs, paired(results, *cells)))
    return "\n".join(lines)


def _row(
    task: str, policy: str, runs: Sequence[Mapping[str, Any]], differences: Sequence[float]
) -> str:
    right, pairs = (sum(run["right"][i] for run in runs) for i in range(2))
    is_tuned = policy == TUNED
    cells = [
        task,
        policy,
        _spread([run["score"] for run in runs]),
        _spread([run["ood"] for run in runs]),
        "" if is_tuned or not differences else _spread(differences),
        "" if is_tuned else verdict(differences),
        f"{right} of {pairs}" if pairs else "no order to find",
        str(runs[0]["epochs"]),
        f"{mean(run['seconds'] for run in runs):.0f}",
        str(len(runs)),
    ]
    return f"| {' | '.join(cells)} |"


def _spread(values: Sequence[float]) -> str:
    return f"{mean(values):.3g}" + (f" ({stdev(values):.2g})" if len(values) > 1 else "")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--tasks", nargs="+", choices=TASKS, default=list(DEFAULT_TASKS))
    made.add_argument("--policies", nargs="+", default=["constrain"])
    made.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    made.add_argument("--scale", type=float, default=0.25, help="factor of the epochs")
    made.add_argument("--out", type=Path, default=Path("outputs/policy_gate.jsonl"))
    made.add_argument("--jobs", type=int, default=1, help="trainings at once, one thread each")
    made.add_argument("--set", nargs="+", default=[], help="further overrides of every training")
    made.add_argument("--minutes", type=float, default=math.inf, help="start no more afterwards")
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains what is missing and prints the table."""
    asked = parser().parse_args(arguments)
    policies = [TUNED, *(p for p in asked.policies if p != TUNED)]
    cells = [named(task, policy, asked.scale) for task in asked.tasks for policy in policies]
    todo = [(cell, seed) for seed in asked.seeds for cell in cells]
    work = partial(train, asked.set)
    results = store.run(work, todo, asked.out, asked.jobs, asked.minutes)
    Console().print(
        table(results, asked.tasks, policies, asked.scale), soft_wrap=True, markup=False
    )


if __name__ == "__main__":
    main()
