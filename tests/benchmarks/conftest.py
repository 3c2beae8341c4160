"""Runs of a grid that were never trained: metrics as if they had been."""

from __future__ import annotations

import json

import pytest

from benchmarks.grid.plan import Recipe, Run

CANDIDATES = {"xy": "O(2)@xy", "yz": "O(2)@yz", "o3": "O(3)"}
DIAL_GROUPS = {"rotation": "SO(3)", "scale": "Scaling(3)", "reflection": "Reflect(3)"}
TRUTH = {"O(2)@xy": "exact", "O(2)@yz": "broken", "O(3)": "broken"}


@pytest.fixture
def make_run(tmp_path):
    def make(task="inertia_z", model="per", seed=0, metrics=None, failed=False, **recipe):
        settings = {"candidates": CANDIDATES, "truth": TRUTH} | recipe
        recipe = Recipe(task, model, (f"experiment={task}_{model}",), 100, **settings)
        run = Run(recipe, seed, tmp_path / task / model / f"seed{seed}")
        if metrics is not None:
            run.folder.mkdir(parents=True)
            (run.folder / "metrics.json").write_text(json.dumps(metrics))
        if failed:
            run.folder.mkdir(parents=True, exist_ok=True)
            (run.folder / "grid_run.failed").write_text("exit status 1")
        return run

    return make


def metrics(mse, xy=100.0, yz=1.0):
    return {
        "test/mse": mse,
        "ood/mse": 10 * mse,
        "run/seconds": 12.0,
        "run/parameters": 164959,
        "strength/xy": xy,
        "strength/yz": yz,
        "strength/o3": 0.0,
        **{f"test/paper_equivariance_error/{n}": 0.25 for n in CANDIDATES},
        **{f"data/equivariance_error/{n}": float(n != "xy") for n in CANDIDATES},
    }


@pytest.fixture
def make_dial_run(make_run):
    """A known-answer run with these strengths, by dial."""

    def make(task, strengths, **more):
        found = {f"strength/{n}": s for n, s in strengths.items()}
        found |= {f"data/equivariance_error/{n}": 0.1 for n in strengths}
        return make_run(task=task, metrics=found | more, candidates=DIAL_GROUPS, truth={})

    return make


@pytest.fixture
def two_seeds(make_run):
    """A recipe with two seeds, one of which found a wrong order, and one that failed."""
    return [
        make_run(seed=0, metrics=metrics(1.0)),
        make_run(seed=1, metrics=metrics(3.0, xy=2.0, yz=4.0)),
        make_run(seed=2, failed=True),
        make_run(model="mlp", seed=0),
    ]
