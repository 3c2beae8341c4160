"""A newcomer's mistakes: one clear message, a non-zero exit, no traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CASES = {
    "unknown group": ('regularizers.xy.group="So(3)"', "Unknown group 'So'.*Did you mean SO"),
    "group over the plane": (
        "regularizers.xy.group=O(2)",
        "'xy': O\\(2\\) acts on R\\^2, but",
    ),
    "unknown representation": ("datamodule.rep_in=5Q0", "Cannot read the representation '5Q0'"),
    "unknown key": ("network.widht=3", "Unknown config key 'network.widht'.*channels"),
    "misspelt key": ("regularizers.xy.strenght=3", "Did you mean 'strength'"),
    "unknown argument": ("+network.widht=3", "unexpected keyword argument 'widht'.*channels"),
    "unknown choice": ("experiment=foo", "no experiment called 'foo'.*quickstart"),
    "representation of another size": (
        "datamodule.rep_in=5T0+6T1",
        "23 numbers over R\\^3, but the train data have shape \\(64, 20\\)",
    ),
    "group of another dimension": ('regularizers.xy.group="SO(2)"', "'xy': SO\\(2\\) acts on R"),
    "no typed layer": ("network=mlp", "finds no typed layer in MLP"),
    "negative strength": ("regularizers.xy.strength=-1", "at least 0; got -1"),
    "text for a number": (
        "trainer.max_epochs=abc",
        "must be a whole number of .*; got 'abc'",
    ),
    "unwritable folder": ("run_dir=/dev/null/x", "cannot be written: '/dev/null' is no folder"),
    "no checkpoint": (f"ckpt_path={Path(__file__)}", "is damaged, or no checkpoint"),
    "no such checkpoint": (
        "ckpt_path=nowhere.ckpt",
        "There is no checkpoint 'nowhere.ckpt'.*ckpt_path=<file>",
    ),
    "unknown metric": ("monitor=val/foo", "Choose one of: val/mse"),
    "fraction for a whole number": ("trainer.max_epochs=1.5", "must be a whole number of at"),
    "no strength": ("regularizers.xy.strength=null", "must be a number of at least 0; got null"),
    "negative seed": ("seed=-1", "seed must be a whole number from 0 to .*; got -1"),
    "candidate on another space": (
        '+candidates.turn="SO(2)"',
        "candidates.turn: The group SO\\(2\\) acts on R\\^2, but the base space here is R\\^3",
    ),
    "unknown candidate": ('+candidates.turn="SX(3)"', "candidates.turn: Unknown group 'SX'"),
    "bad out-of-distribution set": (
        "datamodule.ood=far",
        "ood must be shift, sign or null",
    ),
    "data on another space": ("dim=2", "data live over R\\^3, but dim=2.* Set dim=3"),
    "network over another space": (
        'largest_group="O(2)"',
        "acts on R\\^2, but the data live over R\\^3.*regularizers=planes",
    ),
    "bad number": ("datamodule.axis=7", "axis must be -1, 0, 1 or 2; got 7"),
}


@pytest.mark.parametrize("case", CASES)
def test_message(train, case):
    override, message = CASES[case]
    run = train(override, ok=False)
    assert re.search(message, " ".join(run.output.split())), run.output
    assert "Traceback" not in run.output
    assert "epoch 1/" not in run.output
    assert not (run.folder / "metrics.json").exists()


def test_nan_loss_stops_at_once_and_keeps_the_checkpoint(train):
    run = train("optimizer.lr=1e30", "checkpoint.every_n_epochs=1", ok=False)
    text = " ".join(run.output.split())
    assert "The loss is" in text
    for word in ("epoch", "batch", "step"):
        assert word in text
    assert "Traceback" not in run.output


def test_infinite_data_name_the_sample(train):
    run = train("datamodule.eps=1e39", ok=False)
    assert "data are not finite: rep_out column" in " ".join(run.output.split())
