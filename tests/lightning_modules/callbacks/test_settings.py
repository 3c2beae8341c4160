"""Settings that mean nothing are refused by every callback."""

from __future__ import annotations

import pytest

from softsym.lightning_modules.callbacks import (
    EpochProgress,
    GracefulStop,
    LastCheckpoint,
    OptunaPruning,
    SettledEarlyStopping,
    StepSeed,
    StrengthLog,
)

NAN = float("nan")
PRUNING = {"journal": "j", "study": "s", "trial": 0, "monitor": "m", "path": "p", "min_epochs": 1}
REFUSED = [
    (LastCheckpoint, {"every_n_minutes": NAN}, "every_n_minutes .* above 0; got nan"),
    (LastCheckpoint, {"every_n_minutes": -1.0}, "every_n_minutes .* above 0; got -1.0"),
    (GracefulStop, {"patience_seconds": NAN}, "patience_seconds must be .* at least 0; got nan"),
    (GracefulStop, {"patience_seconds": -1}, "at least 0; got -1"),
    (EpochProgress, {"monitor": "m", "every_seconds": -0.5}, "every_seconds .* got -0.5"),
    (EpochProgress, {"monitor": "m", "line_every_seconds": NAN}, "line_every_seconds .* got nan"),
    (StrengthLog, {"path": "s.csv", "every_n_epochs": 0}, "whole number of at least 1; got 0"),
    (StrengthLog, {"path": "s.csv", "every_n_epochs": True}, "whole number .* got True"),
    (StepSeed, {"seed": True}, "seed must be a whole number of at least 0; got True"),
    (StepSeed, {"seed": -1}, "seed must be a whole number of at least 0; got -1"),
    (SettledEarlyStopping, {"monitor": "m", "patience": -1}, "patience .* at least 0; got -1"),
    (OptunaPruning, PRUNING | {"min_epochs": 1.5}, "min_epochs of pruning .* got 1.5"),
    (OptunaPruning, PRUNING | {"spared": True}, "spared of pruning must be a whole number"),
]


@pytest.mark.parametrize(("kind", "settings", "words"), REFUSED)
def test_each_is_named(kind, settings, words):
    with pytest.raises(ValueError, match=words):
        kind(**settings)
