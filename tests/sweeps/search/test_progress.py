"""What a search says of itself."""

from datetime import datetime, timedelta

import pytest
from optuna.trial import TrialState, create_trial

from softsym.runs.optuna_journal import counts
from softsym.sweeps.search.status import ended, progress_line, seconds_left


def trial(state, value=None, seconds=100, **notes):
    made = create_trial(state=state, value=value, user_attrs=notes)
    made.number = 0
    if state != TrialState.RUNNING:
        made.datetime_start = datetime(2026, 1, 1)
        made.datetime_complete = made.datetime_start + timedelta(seconds=seconds)
    else:
        made.datetime_start = datetime.now() - timedelta(seconds=seconds)
    return made


DONE = trial(TrialState.COMPLETE, 0.5)
CUT = trial(TrialState.PRUNED, 0.7, reason="pruned after 9 epochs")
FAILED = trial(TrialState.FAIL, reason="killed by SIGKILL")


def test_counts():
    trials = [DONE, CUT, CUT, FAILED, trial(TrialState.RUNNING)]
    assert counts(trials) == {"complete": 1, "pruned": 2, "failed": 1, "running": 1}
    assert ended(trials) == 4


def test_the_rest_takes_as_long_as_what_was():
    assert seconds_left([DONE, DONE], total=6, slots=2) == pytest.approx(200)
    assert seconds_left([DONE, trial(TrialState.RUNNING, seconds=60)], 2, 4) == pytest.approx(
        40, 0.1
    )
    assert seconds_left([DONE], total=1, slots=2) == 0
    assert seconds_left([FAILED], total=9, slots=2) is None


def test_line():
    assert progress_line(DONE, [DONE], 3, 1) == (
        "trial 0: 0.5, best 0.5 (trial 0), 1/3 ended, about 3 min 20 s left"
    )
    assert "trial 0: pruned after 9 epochs at 0.7, 1/1 ended, 1 pruned" in progress_line(
        CUT, [CUT], 1, 1
    )
    assert progress_line(FAILED, [FAILED], 2, 1) == (
        "trial 0: failed: killed by SIGKILL, 1/2 ended, 1 failed"
    )
