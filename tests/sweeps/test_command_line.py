"""The command line of sweep.py."""

import subprocess
import sys

import pytest

from softsym.runs.errors import UserError
from softsym.sweeps.command_line import check_arguments, register, require_optuna

register()


def test_what_hydra_gets():
    given = ["status", "search=inertia", "overrides=[a.b=1,~c]", "n_trials=3"]
    assert check_arguments(given) == [
        *("action=status", "search=inertia", "overrides=['a.b=1','~c']", "n_trials=3")
    ]
    assert check_arguments(["--help"]) == ["--help"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("n_trial=3", r"no key 'n_trial'. Did you mean 'n_trials'\? Keys at the top: action, "),
        ("executor.partion=x", r"no key 'executor.partion'. Keys under 'executor': devices, kind"),
        ("trainer.max_epochs=3", r"goes into 'overrides=\[trainer.max_epochs=...\]'"),
        ("network=mlp", r"'network' is a key of python train.py\. .* 'overrides=\[network=...\]'"),
        ("optimizer.lr=1", r"'optimizer.lr' is a key of .* 'overrides=\[optimizer.lr=...\]'"),
        ("-m", r"sweep.py runs many trials by itself, .* use python train.py -m key=1,2 instead"),
        ("--multirun", "it takes no --multirun"),
        ("search=nothing", "There is no search called 'nothing'. Choose one of: cosine_similarity"),
        ("stauts", "sweep.py knows no 'stauts'. Start with run or status, or"),
        ("picture", "The pictures of a search are in its report: python report.py"),
        ("n_trials=[", "are all of its brackets and quotes closed"),
        ("n_trials=-1", "n_trials must be a whole number of at least 1; got -1"),
        ("folder=null", "folder must be one line of text; got null"),
        ("overrides=trainer.max_epochs=9", r"overrides is a list, such as 'overrides=\[seed=1"),
    ],
)
def test_mistakes(argument, message):
    with pytest.raises(UserError, match=message):
        check_arguments([argument])


def test_one_word_says_what_to_do():
    with pytest.raises(UserError, match="cannot use 'status'"):
        check_arguments(["run", "status"])


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r'Searches need optuna: pip install -e "\.\[search\]"'):
        require_optuna()


def test_a_typo_is_answered_without_heavy_imports():
    code = (
        "import sys\nfrom softsym.sweeps.command_line import *\nregister()\n"
        "try:\n    check_arguments(['n_trial=3'])\nexcept Exception as error:\n"
        "    heavy = {'torch', 'lightning', 'optuna', 'plotly'} & {*sys.modules}\n"
        "    print(type(error).__name__, heavy)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "UserError set()\n"
