from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from cli.errors import UserError
from cli.records import flat, require_same_run

CONFIG = {"seed": 1, "ckpt_path": None, "network": {"channels": 8}, "trainer": {"max_epochs": 3}}


@pytest.fixture
def folder(tmp_path):
    OmegaConf.save(CONFIG, tmp_path / "config.yaml")
    return tmp_path


def given(**changes):
    return OmegaConf.create({**CONFIG, "ckpt_path": "last", **changes})


def test_empty_folder_is_free(tmp_path):
    require_same_run(given(ckpt_path=None), tmp_path)


def test_folder_of_a_run_is_not_written_over(folder):
    with pytest.raises(UserError, match=r"holds a run already\. Continue it with ckpt_path=last"):
        require_same_run(given(ckpt_path=None), folder)


def test_same_config_resumes_and_may_train_longer(folder):
    require_same_run(given(), folder)
    require_same_run(given(trainer={"max_epochs": 9}, threads=1), folder)


@pytest.mark.parametrize("changes", [{"seed": 2}, {"network": {"channels": 9}}, {"network": {}}])
def test_another_config_is_refused_by_name(folder, changes):
    with pytest.raises(UserError, match=r"(seed: 1 then, 2 now|network.channels: 8 then)"):
        require_same_run(given(**changes), folder)


def test_flat_keys_are_dotted():
    node = {"a": {"b": 1, "c": {}}, "d": [1, 2]}
    assert flat(OmegaConf.create(node)) == {"a.b": 1, "a.c": {}, "d": [1, 2]}
