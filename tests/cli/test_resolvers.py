from __future__ import annotations

import os

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from softsym.cli.overrides import CONF
from softsym.cli.resolvers import child_seed, register, run_dir, sweep_folder, usual, wandb_offline


def test_child_seeds_differ_by_purpose_and_seed():
    seeds = {child_seed(seed, purpose) for seed in range(10) for purpose in ("data", "network")}
    assert len(seeds) == 20
    assert child_seed(3, "data") == child_seed(3, "data")
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_new_run_gets_a_folder_by_time(tmp_path):
    assert run_dir(str(tmp_path), None).startswith(str(tmp_path))


def test_last_is_the_run_started_last_even_without_a_checkpoint(tmp_path):
    for started, name in enumerate(("slurm-7-a1b2c3", "2026-01-01_00-00-01", "mine")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").touch()
        os.utime(tmp_path / name / "config.yaml", (started, started))
    (tmp_path / "2026-01-01_00-00-02").mkdir()  # claimed, never started
    assert run_dir(str(tmp_path), "last") == str(tmp_path / "mine")


def test_last_without_any_is_a_new_run(tmp_path):
    assert run_dir(str(tmp_path), "last").startswith(str(tmp_path))


@pytest.fixture
def bare(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return tmp_path / "netrc"


@pytest.mark.parametrize(
    ("words", "monitor", "mode", "kind", "dtype"),
    [
        ("", "val/mse", "min", "numbers", "float32"),
        ("trainer.precision=64-true metrics=displacement", "val/mse", "min", "numbers", "float64"),
        ("loss=cross_entropy", "val/cross_entropy", "min", "classes", "float32"),
        ("loss=cross_entropy monitor=val/accuracy", "val/accuracy", "max", "classes", "float32"),
        ("loss=bce monitor=val/accuracy", "val/accuracy", "max", "shares", "float32"),
        ("loss=bce metrics=regression", "val/mse", "min", "shares", "float32"),
    ],
)
def test_metrics_and_data_follow_the_loss_and_the_best_follows_the_metric(
    words, monitor, mode, kind, dtype
):
    register()
    words = ["experiment=arrays", "datamodule.file=none", *words.split()]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", words)
    callbacks = config.callbacks
    assert {config.monitor_mode, callbacks.best.mode, callbacks.early_stopping.mode} == {mode}
    assert {config.monitor, callbacks.best.monitor} == {monitor}
    assert (config.datamodule.target_kind, config.datamodule.dtype) == (kind, dtype)


def test_offline_without_a_key(bare):
    assert wandb_offline()


def test_online_with_a_key(bare, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    assert not wandb_offline()


def test_mode_has_the_last_word(bare, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert wandb_offline()


def test_key_in_netrc(bare):
    bare.write_text("machine api.wandb.ai\n  login user\n  password " + "x" * 40 + "\n")
    assert not wandb_offline()


def test_what_people_use_for_an_environment():
    assert usual("eupeds_eth", "dt") == 0.4
    assert usual("nusc_mini", "future_sec") == 6.0


def test_types_of_windows_come_from_the_settings_of_the_data():
    register()
    config = OmegaConf.create(
        {
            "datamodule": {
                **{"history_sec": 2.8, "future_sec": 4.8, "dt": 0.4, "coordinates": 2},
                **{"velocities": False, "neighbours": 1, "rep_in": "${window:rep_in}"},
            },
            "extra": "${window:extra}",
        }
    )
    assert config.datamodule.rep_in == "16T1 + 16T0"
    assert config.extra == 32


def hydra_of_a_job(mode):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [], return_hydra_config=True)
    config.hydra.mode = mode
    config.hydra.sweep.dir = "multirun/quickstart"
    config.hydra.sweep.subdir = "seed=0"
    return config


@pytest.mark.parametrize(
    ("mode", "sweep", "said"),
    [
        ("MULTIRUN", None, ("quickstart", "mine seed=0", ["quickstart", "sweep"])),
        ("RUN", "theirs", ("theirs", "mine seed=0", ["quickstart", "sweep"])),
        ("RUN", None, (None, "mine", ["quickstart"])),
        (None, None, (None, "mine", [])),
    ],
)
def test_jobs_of_a_sweep_say_so(mode, sweep, said, monkeypatch):
    register()
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)
    if mode:
        HydraConfig.instance().set_config(hydra_of_a_job(mode))
    config = OmegaConf.create(
        {
            "sweep": sweep,
            "group": "${sweep_group:${sweep}}",
            "folder": "a/b/seed=0",
            "label": "${run_label:mine,${sweep},${folder}}",
            "tags": "${run_tags:${sweep}}",
        }
    )
    assert (config.group, config.label, config.tags) == said


def test_jobs_of_a_sweep_are_named_by_what_they_are():
    assert (
        sweep_folder(["seed=0", "regularizers.xy.strength=1"])
        == "seed=0,regularizers.xy.strength=1"
    )
    assert sweep_folder([]) == "defaults"
    per, best = (sweep_folder([f"experiment=paper/inertia/{n}", "seed=0"]) for n in ("per", "best"))
    assert per.startswith("experiment=paper-inertia-per,seed=0,")
    assert per != best
    long = [f"trainer.max_epochs={n}" for n in range(40)]
    names = {sweep_folder([*long, f"seed={seed}"]) for seed in range(3)}
    assert len(names) == 3
    assert all(len(name) < 140 and ",seed=" in name for name in names)


@pytest.mark.parametrize(
    ("overrides", "kept"),
    [
        ([f"data_dir=/home/{'x' * 200}/zara1"], ["data_dir=-home-x", "x-zara1,"]),  # once a digest
        ([f"a.data_dir=/{'x' * 200}", "seed=1"], ["data_dir=-xx", ",seed=1,"]),
        (["seed=1", f"data_dir=/{'x' * 200}"], ["seed=1,", "data_dir=-xx"]),
        ([f"regularizers.k{i}.strength={i}00" for i in range(9)], ["strength=000", "strength=800"]),
        ([f"{'k' * 30}={i}e-3" for i in range(9)], ["k=0e-3,", "k=8e-3,"]),
        (["name=" + "\u65e5" * 300], ["name=\u65e5"]),
        (["a.b='x y'", f"c={'z' * 200}"], ["b=-x-y-", "c=z"]),
        ([f"a{i}.b={i}" for i in range(99)], [",a97.b=97,a98.b=98,"]),
    ],
)
def test_a_long_folder_name_keeps_what_differs_readable(overrides, kept):
    name = sweep_folder(overrides)
    assert all(words in name for words in kept), name
    assert len(name) < 140
    assert len(name.encode()) < 255
    assert name != sweep_folder([*overrides, "z=1"])
