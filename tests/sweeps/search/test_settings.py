"""Settings that make no sense are refused."""

import pytest

from softsym.runs.errors import UserError
from softsym.sweeps.search.search import make_settings

GOOD = {
    **{"action": "run", "name": "a", "folder": "x", "n_trials": 3, "slots": 1, "retries": 0},
    **{"seed": 0, "startup_trials": 2, "report_every": 0, "stop_seconds": 1, "command": ["a", 1]},
}


def test_good_ones():
    settings = make_settings(GOOD)
    assert settings.folder.is_absolute()
    assert settings.command == ("a", "1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"action": "go"}, "action=go: choose one of run, status"),
        ({"n_trials": 0}, "n_trials must be a whole number of at least 1; got 0"),
        ({"slots": 1.5}, "slots must be a whole number of at least 1; got 1.5"),
        ({"retries": True}, "retries must be a whole number of at least 0; got True"),
        ({"name": "a/b"}, "a search's name has only letters"),
    ],
)
def test_bad_ones(change, message):
    with pytest.raises(UserError, match=message):
        make_settings(GOOD | change)
