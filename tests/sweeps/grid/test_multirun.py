"""A grid recognises the runs that it has made before."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf, open_dict

from softsym.cli import resolvers
from softsym.cli.choices import CONF
from softsym.cli.named_symmetries import add_named_symmetries
from softsym.cli.records import portable_config
from softsym.runs.errors import UserError
from softsym.sweeps.grid import multirun

LOCAL = {"kind": "local", "poll_seconds": 0.1}


def composed(folder, *words):
    place = [f"hydra.sweep.dir={folder}", "hydra.sweep.subdir=one"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*words, *place], return_hydra_config=True)
    with open_dict(config):
        config.paths.output = str(folder / "one")
    return config


@pytest.fixture
def launch(tmp_path, monkeypatch):
    """Launches a grid of one run, without starting any; returns its runs."""
    resolvers.register()
    grids = []

    def finish(grid):
        grids.append(grid)
        return {}

    monkeypatch.setattr(multirun.Grid, "finish", finish)

    def launched(*words):
        loader = SimpleNamespace(load_sweep_config=lambda master, words: composed(tmp_path, *words))
        assert multirun.finish_grid(composed(tmp_path, *words), loader, [words], LOCAL, 1)
        return grids[-1].runs

    return launched


def test_named_symmetries_are_those_of_the_run_before(tmp_path, launch):
    words = ("++symmetries=['SO(3)','Scaling(3)']", "regularizers=none")
    config = composed(tmp_path, *words)
    add_named_symmetries(config)  # as the run does before it stores its config
    with open_dict(config):
        del config.hydra
    stored = OmegaConf.create(portable_config(config, tmp_path / "one"))
    (tmp_path / "one").mkdir()
    OmegaConf.save(stored, tmp_path / "one" / "config.yaml")
    (run,) = launch(*words)
    assert run.folder == tmp_path / "one"
    with pytest.raises(UserError, match="cannot be resumed with another config"):
        launch("++symmetries=['O(3)','Scaling(3)']", "regularizers=none")


def test_the_final_training_of_a_selection_waits_for_its_folds(launch):
    words = ("select=leave_one_environment_out", "select_fold=final")
    with pytest.raises(UserError, match="those of fold_0 have not finished"):
        launch(*words)
