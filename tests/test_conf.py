"""Every yaml under conf/ composes, resolves and builds what it names; every recipe runs a batch."""

from __future__ import annotations

import inspect
import shlex
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf
from warm_python import plain_environment

from softsym.cli import resolvers
from softsym.cli.quiet import quiet
from softsym.cli.run import build

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
OTHERS = {"hydra", "wandb_sweep", "search", "executor"}
"""Folders for Hydra itself, and for other programs; those of sweep.py: tests/sweeps/."""
OPTIONS = sorted(
    path.relative_to(CONF).with_suffix("").as_posix()
    for path in CONF.rglob("*.yaml")
    if path.parent != CONF and not OTHERS & set(path.parts)
)
EXPERIMENTS = [option for option in OPTIONS if option.startswith("experiment/")]
PAPER = [option for option in EXPERIMENTS if option.startswith("experiment/paper/")]
MOTION = [option for option in PAPER if "waymo" in option]
PEDESTRIANS = [
    option
    for option in EXPERIMENTS
    if "pedestrians" in option or option == "experiment/trajectories"
]
NEEDS_GPU = ("trainer/gpu", "trainer/ddp")
FITTING = {
    "network/agent_transformer": ("datamodule=trajdata", "dim=2"),
    "network/egnn": ("datamodule=nbody",),
    "network/gnn": ("datamodule=nbody",),
}
"""What goes with an option that does not fit the default data."""
resolvers.register()


@pytest.fixture(scope="module")
def composed(tmp_path_factory):
    """Composes each option once for all tests."""
    folder = tmp_path_factory.mktemp("conf")
    return cache(lambda option: compose_option(option, folder))


def compose_option(option, folder):
    group, _, name = option.partition("/")
    if group == "regularizer":
        choice = [f"+regularizer@regularizers.extra={name}"]
        if name in ("projection", "function", "lie"):
            choice.append('regularizers.extra.group="SL(3)"')
    elif group == "pruning":
        places = {"journal": folder / "journal.log", "study": "s", "trial": 0, "min_epochs": 9}
        choice = [f"+pruning@callbacks.pruning={name}"]
        choice += [f"callbacks.pruning.{key}={value}" for key, value in places.items()]
    else:
        choice = [f"{group}={name}", *FITTING.get(option, ())]
    if option in ("datamodule/arrays", "experiment/arrays"):
        choice += arrays_data(folder)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", [*choice, f"paths.output={folder}", f"paths.cache={folder}"])


def arrays_data(folder):
    """Settings of a small file of arrays, written where it is needed."""
    x = np.random.default_rng(0).standard_normal((120, 6))
    np.savez(folder / "data.npz", X=x, Y=x[:, :1])
    return [
        f"datamodule.file={folder / 'data.npz'}",
        "datamodule.rep_in=2T1",
        "datamodule.rep_out=T0",
    ]


@pytest.mark.parametrize("option", OPTIONS)
def test_composes_and_resolves(option, composed):
    OmegaConf.to_container(composed(option), resolve=True, throw_on_missing=True)


@pytest.mark.parametrize("option", [o for o in OPTIONS if o not in EXPERIMENTS])
def test_builds_what_it_names(option, composed):
    group = option.rpartition("/")[0]
    place = {"regularizer": "regularizers", "pruning": "callbacks"}.get(group, group)
    node = composed(option)[place]
    if option in NEEDS_GPU and not torch.cuda.is_available():
        arguments = dict.fromkeys(key for key in node if key != "_target_")
        inspect.signature(get_class(node._target_)).bind(**arguments)
        return
    built = instantiate(node, _convert_="all")
    if built != {}:  # "none" of a group is an empty mapping
        for value in built.values() if isinstance(built, dict) else [built]:
            assert not isinstance(value, dict)


def test_each_yaml_is_small_and_says_what_it_is():
    for option in OPTIONS:
        lines = (CONF / f"{option}.yaml").read_text().splitlines()
        assert len(lines) < 45, option


@pytest.mark.parametrize("option", EXPERIMENTS)
def test_recipe_leaves_no_trace_in_what_replaces_its_parts(option, tmp_path):
    swap = ("network=mlp", "regularizers=none", "policy=fixed")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        folders = [f"paths.output={tmp_path}", f"paths.cache={tmp_path}"]
        data = arrays_data(tmp_path) if option == "experiment/arrays" else []
        config = compose("train", [option.replace("/", "=", 1), *swap, *folders, *data])
    instantiate(config.module)


@pytest.mark.parametrize("option", EXPERIMENTS)
def test_experiment_says_its_own_command(option):
    first, second = (CONF / f"{option}.yaml").read_text().splitlines()[:2]
    assert first == "# @package _global_"
    assert second.startswith("# python train.py")
    named = [w for w in shlex.split(second[2:]) if w.startswith("experiment=")]
    assert named in ([option.replace("/", "=", 1)], []), second


@pytest.mark.parametrize("option", [o for o in PAPER if o not in MOTION])
def test_recipe_of_the_paper_runs_one_batch(option, tmp_path):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        fast = ["trainer.fast_dev_run=true", "logger=none", "datamodule.samples=20"]
        folders = [f"paths.output={tmp_path}", f"paths.cache={tmp_path}"]
        config = compose("train", [option.replace("/", "=", 1), *fast, *folders])
    with warnings.catch_warnings():
        quiet()
        parts = build(config)
        parts.trainer.fit(parts.module, parts.datamodule)
        metrics = parts.trainer.test(parts.module, parts.datamodule, verbose=False)
    assert {"test/mse", "ood/mse"} <= {name for loader in metrics for name in loader}
    candidates = parts.module.symmetries
    truth = parts.datamodule.true_symmetries()
    assert any(str(group) in truth for group in candidates.values())


def motion_data(option, folder):
    """Settings of a small dataset for a recipe of trajectories, written where it needs files."""
    if option == "experiment/paper/waymo_demo":
        return ["datamodule.records=2"]
    if option in MOTION:
        from softsym.datamodules.motion.simulated_traffic import TrafficSimulation, write_dataset

        write_dataset(folder, TrafficSimulation(records=2))
        return [f"datamodule.data_dir={folder}"]
    if "eth_ucy_demo" in option:
        return []
    from softsym.datamodules.motion.simulated_pedestrians import (
        PedestrianSimulation,
        write_recordings,
    )

    write_recordings(folder, PedestrianSimulation(arrivals=0.02))
    return [f"datamodule.data_dir={folder}"]


@pytest.mark.parametrize("option", MOTION + PEDESTRIANS)
def test_recipe_of_trajectories_runs_one_batch(option, tmp_path):
    if option in PEDESTRIANS:
        pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")
    settings = ["trainer.fast_dev_run=true", "logger=none", *motion_data(option, tmp_path / "raw")]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        folders = [f"paths.output={tmp_path}", f"paths.cache={tmp_path}"]
        config = compose("train", [option.replace("/", "=", 1), *settings, *folders])
    with warnings.catch_warnings():
        quiet()
        parts = build(config)
        parts.trainer.fit(parts.module, parts.datamodule)
        (metrics,) = parts.trainer.test(parts.module, parts.datamodule, verbose=False)
    assert {"test/ade", "test/fde", "test/constant_velocity/ade"} <= metrics.keys()


@pytest.mark.parametrize("option", [o for o in EXPERIMENTS if o not in PAPER + PEDESTRIANS])
def test_experiment_runs_one_batch(option, tmp_path, warm):
    if "eth_ucy" in option:
        pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")
        extra = motion_data(option, tmp_path / "raw")
    elif "arrays" in option:
        extra = [*arrays_data(tmp_path), "symmetries=[O(2)@xy]"]
    elif "nbody" in option:
        counts = [f"datamodule.{split}_samples=50" for split in ("train", "val", "test")]
        extra = [*counts, "datamodule.frame_in=0", "datamodule.frame_out=1"]
    else:
        extra = ["datamodule.samples=64"]
    arguments = [
        *(option.replace("/", "=", 1), "trainer.fast_dev_run=true", "logger=none"),
        *(f"run_dir={tmp_path / 'run'}", f"paths.cache={tmp_path}", *extra),
    ]
    code, output = warm.run(ROOT / "train.py", arguments, ROOT, plain_environment())
    assert code == 0, output
    assert (tmp_path / "run" / "symmetry_report.html").exists()
