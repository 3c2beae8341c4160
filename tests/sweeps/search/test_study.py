"""The study remembers, and draws the same whether or not it was interrupted."""

import pytest
from optuna.trial import TrialState

from softsym.runs.errors import UserError
from softsym.runs.optuna_journal import REASON, TAIL
from softsym.runs.outcome import End, Outcome
from softsym.sweeps.search.study import Study


def complete(value):
    return Outcome(End.COMPLETE, value)


def drawn(folder, plan, trials, again):
    """Parameters of a number of trials; the study is opened anew for each if asked for."""
    folder.mkdir()
    study, drawn_params = Study(folder, create=True), []
    for _ in range(trials):
        study = Study(folder, create=True) if again else study
        trial = study.ask(plan.space, 0, 2)
        study.tell(trial, complete(trial.params["optimizer.lr"]))
        drawn_params.append(trial.params)
    return drawn_params


def test_draws_the_same_after_an_interruption(tmp_path, plan):
    first = drawn(tmp_path / "a", plan, 6, again=False)
    assert first == drawn(tmp_path / "b", plan, 6, again=True)
    assert len({params["optimizer.lr"] for params in first}) == 6


def test_begins_with_what_it_is_told_once(study, plan, folder):
    params = {"optimizer.lr": 0.005, "policy": "fixed"}
    study.begin_with(params)
    Study(folder, create=True).begin_with(params)
    assert study.trials == []
    assert study.ask(plan.space, 0, 10).params == params
    assert study.ask(plan.space, 0, 10).params != params
    assert [trial.number for trial in study.trials] == [0, 1]


def test_tells_all_ends(study, plan):
    first, second, third = (study.ask(plan.space, 0, 10) for _ in range(3))
    study.tell(first, complete(0.5))
    study.tell(second, Outcome(End.PRUNED, 0.1, "pruned after 3 epochs"))
    study.tell(third, Outcome(End.KILLED, reason="killed by SIGKILL"), "last words")
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL]
    notes = study.trial(2).user_attrs
    assert (notes[REASON], notes[TAIL]) == ("killed by SIGKILL", "last words")
    assert study.best.number == 0


def test_a_folder_that_was_moved_holds_the_same_study(study, plan, folder):
    study.ask(plan.space, 0, 10)
    moved = Study(folder.rename(folder.with_name("other")), create=True)
    assert (moved.name, len(moved.trials)) == ("small", 1)


def test_no_search_there(folder, study):
    (folder.parent / "empty").mkdir()
    with pytest.raises(UserError, match=r"There is no search in '.*empty'\. There are: small\."):
        Study(folder.parent / "empty")
    assert not list((folder.parent / "empty").iterdir())
