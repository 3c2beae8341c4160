"""Run folders as a sweep leaves them, written without training."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import yaml

GROUPS = {"xy": "O(2)@xy", "yz": "O(2)@yz", "xz": "O(2)@xz", "o3": "O(3)"}
MONITOR = "val/mse"


def config(folder: Path, seed: int = 0, strength: float = 10.0, rate: float = 3e-3, network="mlp"):
    """A resolved config: one override changes several places."""
    regularizers = {
        name: {"group": group, "strength": 0.0 if name == "o3" else strength}
        for name, group in GROUPS.items()
    }
    networks = {
        "mlp": {"_target_": "softsym.networks.MLP", "channels": 16},
        "emlp": {"_target_": "softsym.networks.EMLP", "channels": 16, "group": "O(3)"},
    }
    net = networks[network] | {"seed": 100 + seed}
    return {
        "datamodule": {
            "_target_": "softsym.datamodules.inertia.Inertia",
            "axis": 2,
            "seed": 200 + seed,
        },
        "network": net,
        "regularizers": regularizers,
        "optimizer": {"_target_": "torch.optim.Adam", "lr": rate},
        "module": {"network": net, "regularizers": regularizers, "optimizer": {"lr": rate}},
        "callbacks": {"strengths": {"path": f"{folder}/strengths.csv"}},
        "name": "sample",
        "seed": seed,
        "initial_strength": strength,
        "monitor": MONITOR,
        "threads": 1 + seed,
        "paths": {"output": str(folder)},
        "run_dir": str(folder),
    }


def write_run(folder: Path, *, status="finished", epochs=24, ended="", **settings) -> Path:
    """One run; with the status ``unfinished`` or ``pruned`` it lacks what comes at the end."""
    folder.mkdir(parents=True)
    made = config(folder, **settings)
    (folder / "config.yaml").write_text(yaml.safe_dump(made, sort_keys=False))
    _write_overrides(folder, settings)
    strengths, metrics = _results(made, epochs)
    rows = [
        f"{epoch},{name},{strengths[name][int(epoch >= epochs // 4)]!r},{1.5 / (1 + epoch)!r}"
        for epoch in range(epochs)
        for name in GROUPS
    ]
    (folder / "strengths.csv").write_text("\n".join(["epoch,name,strength,penalty", *rows, ""]))
    if status == "pruned":
        (folder / "pruned.json").write_text("{}")
    if status in ("unfinished", "pruned"):
        return folder
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2))
    (folder / "cost.json").write_text(json.dumps({"run/seconds": 8.5 + made["seed"]}))
    (folder / "symmetry_report.html").write_text("<!DOCTYPE html><title>a run</title>")
    record = {"status": status, "name": "sample", "monitor": MONITOR, "ended": ended}
    record["command"] = "python train.py -m seed=0,1,2"
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def write_sweep(top: Path, strengths=(1.0, 10.0, 100.0), seeds=3, rates=(3e-3,), networks=("mlp",)):
    """A grid of runs in numbered folders."""
    grid = itertools.product(strengths, rates, networks, range(seeds))
    for place, (strength, rate, network, seed) in enumerate(grid):
        write_run(top / str(place), strength=strength, rate=rate, network=network, seed=seed)
    return top


def _write_overrides(folder: Path, settings: dict) -> None:
    keys = {"strength": "initial_strength", "rate": "optimizer.lr"}
    task = ["logger=csv", *(f"{keys.get(k, k)}={v}" for k, v in settings.items())]
    choices = {"network": settings.get("network", "mlp"), "logger": "csv"}
    (folder / "started.json").write_text(json.dumps({"overrides": task, "choices": choices}))


def _results(made: dict, epochs: int) -> tuple[dict, dict]:
    """Strengths before and after their adjustment, and metrics, drawn by the settings."""
    start, rate, seed = made["initial_strength"], made["optimizer"]["lr"], made["seed"]
    draw = np.random.default_rng([seed, int(1e6 * rate), int(100 * start)])
    ratios = {"xy": 1.0, "yz": 0.01, "xz": 0.008, "o3": 0.0}
    after = {n: start * r * float(np.exp(0.3 * draw.standard_normal())) for n, r in ratios.items()}
    strengths = {n: (0.0 if n == "o3" else start, after[n]) for n in GROUPS}
    off = np.log10(start / 10) ** 2 + np.log10(rate / 3e-3) ** 2
    loss = float(0.2 + 0.1 * off + 0.02 * abs(draw.standard_normal()))
    if "group" in made["network"]:
        loss *= 1.6
    metrics = {MONITOR: loss, "test/mse": 1.1 * loss, "ood/mse": 5 * loss}
    errors = {"xy": 0.04, "yz": 0.33, "xz": 0.31, "o3": 0.4}
    spread = {n: e * (1 + 0.1 * float(draw.standard_normal())) for n, e in errors.items()}
    metrics |= {f"test/equivariance_error/{n}": e for n, e in spread.items()}
    metrics |= {f"test/moved/{n}/mse": 1.1 * loss * (1 + e) for n, e in spread.items()}
    metrics |= {f"strength/{n}": after[n] for n in GROUPS}
    return strengths, metrics | {f"penalty/{n}": 1.5 / epochs for n in GROUPS}


MLP = {"_target_": "softsym.networks.MLP", "dim": 3, "channels": 8, "hidden_layers": 1}
TYPED = {"_target_": "softsym.networks.SoftEMLP", "group": "O(3)", "channels": 6}


def write_trained(folder: Path, rep_out: str = "T0", network=None, class_names=()) -> Path:
    """A run of arrays as far as its model needs it: config, initial weights, scales not 0 and 1."""
    import torch
    from hydra.utils import instantiate

    types = {"rep_in": "2T1", "rep_out": rep_out}
    settings = {**types, **(network or MLP)}
    made = instantiate(settings)
    weights = {f"network.{name}": w for name, w in made.state_dict().items()}
    up = {
        "inputs": torch.arange(1.0, 7.0),
        "targets": torch.arange(1.0, 1.0 + made.rep_out.size(3)),
    }
    scales = {what: (mean.double(), 0.5 * mean.double()) for what, mean in up.items()}
    (folder / "checkpoints").mkdir(parents=True)
    if class_names:
        del scales["targets"]
    state = {"scales": scales, "class_names": list(class_names)}
    kept = {"state_dict": weights, "ArraysDataModule": state}
    torch.save(kept, folder / "checkpoints" / "best.ckpt")
    data = {"file": "data.npz", "inputs": None, "targets": None}
    stored = {"network": settings, "datamodule": data, "dim": 3, "seed": 0}
    if class_names:
        stored["loss"] = {"_target_": "torch.nn.CrossEntropyLoss"}
    (folder / "config.yaml").write_text(yaml.safe_dump(stored))
    return folder
