from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from softsym.cli.records import held, is_complete, require_same_run, start_records
from softsym.runs.errors import UserError
from softsym.runs.outcome import is_finished

ROOT = Path(__file__).resolve().parents[2]
HOLDS = """
import logging, sys
from pathlib import Path
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
from softsym.cli.records import held
with held(Path({folder!r}), wait={wait}):
    print("mine")
"""
CONFIG = {"seed": 1, "ckpt_path": None, "network": {"channels": 8}, "trainer": {"max_epochs": 3}}


@pytest.fixture
def folder(tmp_path):
    OmegaConf.save(CONFIG, tmp_path / "config.yaml")
    return tmp_path


def given(**changes):
    return OmegaConf.create({**CONFIG, "ckpt_path": "last", **changes})


def test_empty_folder_is_free(tmp_path):
    require_same_run(given(), tmp_path, None)


def test_folder_of_a_run_is_not_written_over(folder):
    with pytest.raises(UserError, match=r"holds a run already\. Continue it with ckpt_path=last"):
        require_same_run(given(), folder, None)


def test_same_config_resumes_and_may_train_longer(folder):
    require_same_run(given(), folder, "last")
    require_same_run(given(trainer={"max_epochs": 9}, threads=1), folder, "auto")


@pytest.mark.parametrize("changes", [{"seed": 2}, {"network": {"channels": 9}}, {"network": {}}])
def test_another_config_is_refused_by_name(folder, changes):
    with pytest.raises(UserError, match=r"(seed: 1 then, 2 now|network.channels: 8 then)"):
        require_same_run(given(**changes), folder, "last")


def test_a_folder_is_for_one_process_at_a_time(tmp_path, caplog):
    with held(tmp_path / "run", wait=False):
        busy = subprocess.run(
            [sys.executable, "-c", HOLDS.format(wait=False, folder=str(tmp_path / "run"))],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Another process trains in" in busy.stderr
    with held(tmp_path / "run", wait=False):
        pass


def test_who_waits_comes_next(tmp_path):
    code = HOLDS.format(wait=True, folder=str(tmp_path))
    with held(tmp_path, wait=False):
        waiting = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert "waiting for it to end" in waiting.stdout.readline()
        assert waiting.poll() is None
    assert "mine" in waiting.communicate(timeout=60)[0]


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ('{"status": "finished"}', True),
        ('{"status": "interrupted"}', False),
        ('{"status": "fini', False),
        ("[]", False),
        (None, False),
    ],
)
def test_a_run_is_finished_when_its_record_says_so(text, finished, tmp_path):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    assert is_finished(tmp_path) == finished


def test_a_run_that_is_to_train_longer_is_not_finished(folder):
    (folder / "run.json").write_text('{"status": "finished"}')
    OmegaConf.save(given(trainer={"max_epochs": 3, "max_steps": -1}), folder / "config.yaml")
    assert is_complete(folder, given(trainer={"max_epochs": 3, "max_steps": -1}))
    assert not is_complete(folder, given(trainer={"max_epochs": 4, "max_steps": -1}))


def test_a_run_that_goes_on_is_not_finished_until_it_has_ended_again(folder):
    (folder / "run.json").write_text('{"status": "finished"}')
    logging.getLogger().handlers, before = [], logging.getLogger().handlers
    try:
        start_records(given(), folder, {"command": "python train.py"})
        assert "train.py" in (folder / "started.json").read_text()
        assert not is_finished(folder)
    finally:
        for handler in logging.getLogger().handlers:
            handler.close()
        logging.getLogger().handlers = before


def test_classes_have_the_same_name_with_and_without_the_package(tmp_path):
    old = {**CONFIG, "network": {"_target_": "networks.MLP"}}
    OmegaConf.save(old, tmp_path / "config.yaml")
    require_same_run(given(network={"_target_": "softsym.networks.MLP"}), tmp_path, "last")
    with pytest.raises(
        UserError, match=r"network._target_: 'networks.MLP' then, 'networks.RPP' now"
    ):
        require_same_run(given(network={"_target_": "softsym.networks.RPP"}), tmp_path, "last")
