"""Environments: sampling, splits, and errors about missing modules and folders."""

import importlib.util

import numpy as np
import pytest

from softsym.datamodules.base import SPLITS
from softsym.datamodules.motion import environments
from softsym.datamodules.motion.environments import ENVIRONMENTS, environment
from softsym.datamodules.motion.layout import window_layout


@pytest.mark.parametrize("env", ENVIRONMENTS.values(), ids=list(ENVIRONMENTS))
def test_usual_windows_fit_the_sampling(env):
    dt, history, future = env.usual
    layout = window_layout(history, future, dt)
    assert layout.history > 1
    ratio = dt * env.rate
    assert float(ratio) == pytest.approx(round(ratio))
    assert set(env.splits) == set(SPLITS)
    assert env.dt == pytest.approx(1 / float(env.rate))


def test_trajdata_agrees_on_sampling_and_splits():
    pytest.importorskip("trajdata")
    from trajdata.dataset_specific.eth_ucy_peds import EUPedsDataset
    from trajdata.dataset_specific.sdd_peds import SDDPedsDataset

    for name, kind in (("eupeds_eth", EUPedsDataset), ("sdd", SDDPedsDataset)):
        env = ENVIRONMENTS[name]
        theirs = kind(name, "nowhere", parallelizable=False, has_maps=False)
        assert theirs.metadata.dt == pytest.approx(env.dt)
        for split in env.splits.values():
            assert theirs.get_matching_scene_tags({name, split})


def test_agent_types_are_numbered_as_trajdata_does():
    pytest.importorskip("trajdata")
    from trajdata.data_structures.agent import AgentType

    names = {kind.value: kind.name.lower() for kind in AgentType}
    assert names == dict(enumerate(environments.AGENT_TYPES))


def test_unknown_environment_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'eupeds_zarra'; it must be one of eupeds_eth.*Did you"):
        environment("eupeds_zarra")


def test_waymo_has_a_datamodule_of_its_own():
    with pytest.raises(ValueError, match="Use datamodule=waymo"):
        environment("waymo_train")


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("nusc_mini", "pip install nuscenes-devkit"),
        ("lyft_sample", "pip install --no-deps l5kit"),
        ("nuplan_mini", "pip install git.*nuplan-devkit"),
        ("interaction_multi", "pip install lanelet2"),
    ],
)
def test_missing_devkit_is_named(name, package, monkeypatch):
    monkeypatch.setattr(np, "__version__", "1.26.4")  # trajdata's, whichever is installed
    find = importlib.util.find_spec
    here = ENVIRONMENTS[name].module
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == here else find("numpy"))
    with pytest.raises(ImportError, match=rf"{name} needs {here}.*{package}"):
        environment(name).require_module()
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: find("numpy"))
    environment(name).require_module()


def test_a_numpy_that_trajdata_cannot_use_is_named(monkeypatch):
    monkeypatch.setattr(np, "__version__", "2.4.6")
    with pytest.raises(ImportError, match=r"works with numpy 1; numpy 2\.4\.6 is installed"):
        environment("eupeds_eth").require_module()


@pytest.mark.parametrize("name", ["eupeds_eth", "argoverse2"])
def test_missing_extra_is_named(name, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'pip install -e "\.\[trajectory\]"'):
        environment(name).require_module()


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_folders_that_are_no_such_set(name, tmp_path):
    env = environment(name)
    with pytest.raises(ValueError, match=rf"there are no {name} files to read.*http"):
        env.require_folder(None)
    with pytest.raises(FileNotFoundError, match=r"does not exist\. .*http"):
        env.require_folder(tmp_path / "nowhere")
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(FileNotFoundError, match=r"lacks biwi_eth|has no .* so it is not that of"):
        env.require_folder(tmp_path)


def test_folder_of_the_right_shape(tmp_path):
    (tmp_path / "v1.0-mini").mkdir()
    (tmp_path / "v1.0-mini" / "scene.json").touch()
    assert environment("nusc_mini").require_folder(tmp_path) == tmp_path
