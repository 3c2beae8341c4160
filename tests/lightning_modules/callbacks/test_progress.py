"""One line for an epoch where there is no terminal."""

import logging
import re

from small_runs import data, module, planes, trainer

from softsym.lightning_modules.callbacks import EpochProgress
from softsym.regularizers import Constrain


def lines(folder, caplog, epochs, policy=None, **settings):
    progress = EpochProgress("val/mse", **settings)
    model = module(planes(0.5), policy=policy)
    with caplog.at_level(logging.INFO, "softsym.lightning_modules"):
        trainer(folder, epochs, progress, enable_progress_bar=True).fit(model, data())
    return [
        r.getMessage() for r in caplog.records if r.name.startswith("softsym.lightning_modules")
    ]


def test_says_metric_and_strengths(tmp_path, caplog):
    shown = lines(tmp_path, caplog, 2, line_every_seconds=0)
    assert [line.split()[:2] for line in shown] == [["epoch", "1/2"], ["epoch", "2/2"]]
    assert "xy 0.5  yz 0.5  o3 0" in shown[1]
    assert "val/mse" in shown[1]
    assert "decay" not in shown[1]


def test_says_prices_with_asymmetries_and_tolerances(tmp_path, caplog):
    shown = lines(tmp_path, caplog, 2, Constrain(), line_every_seconds=0)
    assert re.search(r"xy price \S+ at \S+ of \S+  yz price .*  o3 0$", "\n".join(shown), re.M)


def test_at_intervals_and_at_the_end(tmp_path, caplog):
    shown = lines(tmp_path, caplog, 4, line_every_seconds=1e6)
    assert [line.split()[1] for line in shown] == ["4/4"]


def test_disabled_as_on_other_ranks(tmp_path, caplog):
    progress = EpochProgress("val/mse", line_every_seconds=0)
    progress.disable()
    with caplog.at_level(logging.INFO, "softsym.lightning_modules"):
        trainer(tmp_path, 1, progress, enable_progress_bar=True).fit(module(), data())
    assert not [r for r in caplog.records if r.name.startswith("softsym.lightning_modules")]
