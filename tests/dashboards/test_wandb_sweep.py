"""The sweeps in conf/wandb_sweep/: form, and every parameter against our config."""

from __future__ import annotations

import math

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from softsym.cli import resolvers
from softsym.cli.overrides import CONF, check_command_line

SWEEPS = sorted((CONF / "wandb_sweep").glob("*.yaml"))
KEYS = {
    *("program", "project", "name", "description", "method", "metric", "run_cap"),
    *("early_terminate", "parameters", "command"),
}
RANGES = {"uniform", "log_uniform_values", "int_uniform", "q_uniform", "q_log_uniform_values"}
COMMAND = ["${env}", "${interpreter}", "${program}", "${args_no_hyphens}"]
resolvers.register()


def load(path):
    return yaml.safe_load(path.read_text())


def samples(parameter):
    """Values that the server may hand out; of a range its ends and its middle."""
    if "value" in parameter:
        return [parameter["value"]]
    if "values" in parameter:
        return parameter["values"]
    low, high = parameter["min"], parameter["max"]
    log = parameter["distribution"].startswith(("log", "q_log"))
    return [low, math.sqrt(low * high) if log else (low + high) / 2, high]


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_form(path):
    sweep = load(path)
    assert sweep.keys() <= KEYS
    assert sweep["program"] == "train.py"
    assert sweep["command"] == COMMAND
    assert sweep["method"] in ("bayes", "grid", "random")
    assert sweep["metric"].keys() == {"name", "goal"}
    assert sweep["metric"]["goal"] == "minimize"
    if "early_terminate" in sweep:
        hyperband = sweep["early_terminate"]
        assert hyperband["type"] == "hyperband"
        assert hyperband.keys() <= {"type", "min_iter", "max_iter", "s", "eta", "strict"}
        assert ("min_iter" in hyperband) != ("max_iter" in hyperband)
    for name, parameter in sweep["parameters"].items():
        kinds = {"value", "values", "distribution"} & parameter.keys()
        assert len(kinds) == 1, name
        if "distribution" in parameter:
            assert sweep["method"] != "grid", name
            assert parameter["distribution"] in RANGES
            numbers = parameter["min"], parameter["max"]
            assert all(isinstance(number, int | float) for number in numbers), name
            assert numbers[0] < numbers[1]


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_every_parameter_is_one_of_ours(path, tmp_path):
    sweep = load(path)
    every = {name: samples(parameter) for name, parameter in sweep["parameters"].items()}
    for turn in range(max(len(values) for values in every.values())):
        chosen = {name: values[turn % len(values)] for name, values in every.items()}
        arguments = [f"{name}={value}" for name, value in chosen.items()]
        check_command_line([*arguments, f"run_dir={tmp_path / 'run'}"])
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose("train", arguments)
        for name, value in chosen.items():
            assert name == "experiment" or OmegaConf.select(config, name) == value
        metric = sweep["metric"]["name"].partition("/")[2]
        assert sweep["metric"]["name"] in (config.monitor, f"test/{metric}")
        assert metric in config.metrics
        early = (
            sweep.get("early_terminate", {}).get("min_iter", 0) * config.module.log_every_n_epochs
        )
        assert early < config.trainer.max_epochs
        if early:  # not before the strengths have settled
            assert early > 2 * config.adjust_epoch
