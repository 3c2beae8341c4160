"""Configs in run folders are data: broken ones are named, hostile ones are read and no more."""

from __future__ import annotations

import os
import time

import pytest
from omegaconf import OmegaConf

from softsym.cli.records import is_complete, portable_config, require_same_run
from softsym.runs.errors import UserError

NOW = {
    "seed": 1,
    "ckpt_path": "auto",
    "network": {"_target_": "softsym.networks.MLP", "channels": 8},
    "trainer": {"max_epochs": 3, "max_steps": -1},
    "run_dir": "x",
}
GOOD = "seed: 1\nnetwork: {_target_: softsym.networks.MLP, channels: 8}\n"
HUGE = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{there}: &{there} [{', '.join([f'*{here}'] * 9)}]\n"
    for here, there in zip("abcdefgh", "bcdefghi", strict=True)
)


def text(content):
    return lambda path: path.write_text(content)


CONFIGS = [
    ("missing", lambda path: None, "cannot be read: No such file.*Put back a copy"),
    ("empty", text(""), "cannot be read: it holds no settings"),
    ("a list", text("- seed\n- 1\n"), "cannot be read: it holds no settings"),
    ("a word", text("seed"), "cannot be read: it holds no settings"),
    ("broken", text("seed: [1,\n"), "cannot be read: it is no YAML"),
    ("binary", lambda path: path.write_bytes(b"\xff\xfe\0\x80" * 9), "cannot be read: it is no"),
    ("a folder", os.mkdir, "cannot be read: it is a folder"),
    ("a pipe", os.mkfifo, "cannot be read: it is a pipe"),
    ("an endless device", lambda path: path.symlink_to("/dev/zero"), "cannot be read: it is a dev"),
    ("an alias bomb", text(HUGE), "cannot be read: it holds more than"),
    ("deep nesting", text("[" * 100_000), "cannot be read: it is nested"),
    ("an object of Python", text(f"{GOOD}a: !!python/object/apply:os.getpid []"), "cannot be read"),
    ("an interpolation", text(f"{GOOD}name: ${{oc.env:SECRET}}"), r"name: '\$\{oc.env:SECRET\}'"),
    ("a resolver", text(f"{GOOD}name: ${{run_dir:a,last}}"), r"name: '\$\{run_dir:a,last\}' then"),
    ("a target", text(f"{GOOD}name: {{_target_: os.system}}"), "name._target_: 'os.system' then"),
    ("a target's interpolation", text(f"{GOOD}n: {{_target_: '${{x}}'}}"), r"'\$\{x\}' then"),
    ("a key that is a list", text(f"{GOOD}? [a, b]\n: 1\n"), "cannot be read"),
]


@pytest.mark.parametrize(("write", "words"), [c[1:] for c in CONFIGS], ids=[c[0] for c in CONFIGS])
def test_each_is_one_message(write, words, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "sesame")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").touch()
    write(tmp_path / "config.yaml")
    started = time.monotonic()
    with pytest.raises(UserError, match=words) as told:
        require_same_run(OmegaConf.create(NOW), tmp_path, "auto")
    assert time.monotonic() - started < 2
    assert str(tmp_path) in str(told.value)
    assert "sesame" not in str(told.value)


def test_a_good_one_resumes_and_may_train_longer(tmp_path):
    (tmp_path / "config.yaml").write_text(GOOD + "trainer: {max_epochs: 2, max_steps: -1}\n")
    (tmp_path / "run.json").write_text('{"status": "finished"}')
    require_same_run(OmegaConf.create(NOW), tmp_path, "auto")
    assert not is_complete(tmp_path, OmegaConf.create(NOW))


def test_a_longer_cosine_schedule_is_the_same_run(tmp_path):
    def config(epochs, **more):
        schedule = {"_target_": "torch.optim.lr_scheduler.CosineAnnealingLR", "T_max": epochs}
        return {"module": {"scheduler": schedule | more}, "trainer": {"max_epochs": epochs}}

    OmegaConf.save(config(3), tmp_path / "config.yaml")
    require_same_run(OmegaConf.create(config(9)), tmp_path, "last")
    with pytest.raises(UserError, match=r"module.scheduler.eta_min: None then, 0.1 now"):
        require_same_run(OmegaConf.create(config(9, eta_min=0.1)), tmp_path, "last")


def test_places_in_the_folder_are_relative_to_it():
    given = {
        "run_dir": "outputs/a",
        "paths": {"output": "/w/outputs/a", "cache": "cache"},
        "callbacks": [{"path": "/w/outputs/a/s.csv"}, {"path": "/w/outputs/ab"}],
        "name": "a",
    }
    assert portable_config(OmegaConf.create(given), "/w/outputs/a") == {
        "run_dir": ".",
        "paths": {"output": ".", "cache": "cache"},
        "callbacks": [{"path": "./s.csv"}, {"path": "/w/outputs/ab"}],
        "name": "a",
    }
