"""As many trials at once as there are slots, none twice, whatever ends in between."""

import logging
import re

import pytest
from fake_executor import FakeExecutor, fail, finish
from optuna.trial import TrialState

from softsym.runs.errors import UserError
from softsym.runs.optuna_journal import JOB, REASON, RESTARTS, TAIL
from softsym.sweeps.search.search import Search
from softsym.sweeps.search.study import Study


class Stop(BaseException):
    """Stands for SIGKILL."""


@pytest.fixture
def make(folder, study, trials, settings):
    """A search with a fake executor; counts its reports."""

    def build(executor, **values):
        reports = []
        again = Study(folder, create=True)
        search = Search(
            again, trials, executor, settings(**values), "val/mse", lambda: reports.append(1)
        )
        search.reports = reports
        return search

    return build


def states(study):
    return [trial.state.name for trial in study.trials]


def test_runs_so_many_trials_in_so_many_slots(make, study):
    executor = FakeExecutor()
    search = make(executor, n_trials=7, slots=3)
    search.run()
    assert states(study) == ["COMPLETE"] * 7
    assert [trial.value for trial in study.trials] == [1 / (1 + n) for n in range(7)]
    assert executor.most_at_once == 3
    assert executor.started == list(range(7))
    assert search.reports == [1]


def test_a_slot_is_filled_as_soon_as_it_is_free(make, study):
    looks = iter(range(100))
    slow = {0: lambda folder: finish(folder) if next(looks) > 8 else None}
    executor = FakeExecutor(slow)
    make(executor, n_trials=6, slots=2).run()
    assert executor.looks < 12
    assert states(study) == ["COMPLETE"] * 6


def test_more_trials_later_and_none_twice(make, study):
    make(FakeExecutor(), n_trials=2).run()
    executor = FakeExecutor()
    make(executor, n_trials=5).run()
    assert executor.started == [2, 3, 4]
    again = FakeExecutor()
    search = make(again, n_trials=5)
    search.run()
    assert (again.started, search.reports) == ([], [1])


def test_killed_trials_are_recorded_and_the_others_go_on(make, study, caplog):
    def killed(folder):
        (folder / "output.log").write_text("epoch 3\nepoch 4\n")
        return 137

    with caplog.at_level(logging.INFO):
        make(FakeExecutor({1: killed}), n_trials=4).run()
    assert states(study) == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    notes = study.trials[1].user_attrs
    assert notes[REASON] == "killed by SIGKILL, as when memory runs out"
    assert notes[TAIL] == "epoch 3\nepoch 4"
    assert "trial 1: failed: killed by SIGKILL" in caplog.text
    assert "4/4 ended, 1 failed" in caplog.text


def test_a_killed_trial_is_continued_if_asked_for(make, study):
    ends = iter([137, 0])
    executor = FakeExecutor({1: lambda folder: next(ends) or finish(folder)})
    make(executor, n_trials=3, retries=1).run()
    assert executor.started.count(1) == 2
    assert states(study) == ["COMPLETE"] * 3
    assert study.trials[1].user_attrs[RESTARTS] == 1


def test_it_is_continued_so_often_and_no_more(make, study):
    executor = FakeExecutor({1: lambda folder: -9})
    make(executor, n_trials=3, retries=2).run()
    assert executor.started.count(1) == 3
    assert states(study)[1] == "FAIL"


def test_a_users_error_is_not_tried_again(make, study):
    executor = FakeExecutor({1: fail("wrong.")})
    make(executor, n_trials=3, retries=5).run()
    assert executor.started.count(1) == 1
    assert study.trials[1].user_attrs[REASON] == "wrong."


def test_if_the_first_trials_all_fail_alike_the_search_ends(make, study):
    executor = FakeExecutor({n: fail("no data in 'x'.") for n in range(50)})
    message = "The first 3 trials all ended with this error: no data in 'x'"
    with pytest.raises(UserError, match=message):
        make(executor, n_trials=50, slots=3).run()
    assert len(executor.started) < 7


def test_different_errors_do_not_end_it(make, study):
    executor = FakeExecutor({n: fail(f"diverged in epoch {n}.") for n in range(6)})
    make(executor, n_trials=8, slots=2).run()
    assert states(study) == ["FAIL"] * 6 + ["COMPLETE"] * 2


def test_a_search_without_any_result_is_an_error(make):
    executor = FakeExecutor(dict.fromkeys(range(3), lambda folder: 137))
    with pytest.raises(UserError, match=r"No trial of 3 has a result\. The last one: killed by"):
        make(executor, n_trials=3).run()


def test_pruned_trials_are_told_so(make, study):
    def pruned(folder):
        (folder / "pruned.json").write_text('{"epochs": 9, "value": 0.5}')
        return 0

    make(FakeExecutor({1: pruned}), n_trials=3).run()
    assert states(study) == ["COMPLETE", "PRUNED", "COMPLETE"]


def killed_in_between(make, executor, **values):
    """A search whose process is killed at the second look; its jobs live on."""
    poll = executor.poll

    def dies(jobs):
        if executor.looks >= 1:
            raise Stop
        return poll(jobs)

    executor.poll = dies
    with pytest.raises(Stop):
        make(executor, **values).run()
    executor.poll = poll


def test_jobs_that_live_on_are_found_again(make, study, caplog):
    executor = FakeExecutor(dict.fromkeys((0, 1), lambda folder: None))
    killed_in_between(make, executor)
    assert states(study) == ["RUNNING", "RUNNING"]
    executor.ends = {}
    with caplog.at_level(logging.INFO):
        make(executor).run()
    assert executor.started == [0, 1, 2, 3]
    assert states(study) == ["COMPLETE"] * 4
    assert "Trials that were running when sweep.py ended: 0, 1" in caplog.text


def test_what_ended_meanwhile_is_told_and_what_is_gone_is_continued(make, study, folder):
    executor = FakeExecutor(dict.fromkeys((0, 1), lambda folder: None))
    killed_in_between(make, executor)
    finish(folder / "trials" / "0", 0.25)
    later = FakeExecutor()  # knows of no job
    make(later).run()
    assert later.started == [1, 2, 3]
    assert study.trials[0].value == 0.25
    assert states(study) == ["COMPLETE"] * 4


def test_a_trial_that_was_never_submitted_is_submitted(make, study, plan):
    study.ask(plan.space, 0, 10)
    executor = FakeExecutor()
    make(executor).run()
    assert sorted(executor.started) == [0, 1, 2, 3]


def test_a_trial_that_was_drawn_by_half_is_given_up(make, study, plan):
    study.optuna.ask({"optimizer.lr": plan.space[0].distribution()})
    executor = FakeExecutor()
    make(executor).run()
    assert executor.started == [1, 2, 3]
    assert study.trials[0].user_attrs[REASON] == "sweep.py was killed while it was drawn"


def test_trials_of_another_executor_are_left_to_it(make, study):
    executor = FakeExecutor(dict.fromkeys((0, 1), lambda folder: None))
    killed_in_between(make, executor)
    other = FakeExecutor()
    other.kind = "other"
    with pytest.raises(UserError, match="Trial 0 was started with executor=fake: continue"):
        make(other).run()


def test_a_queue_that_takes_no_more_is_waited_for(make, study, caplog):
    executor = FakeExecutor(most=1)
    make(executor, slots=3).run()
    assert states(study) == ["COMPLETE"] * 4
    assert executor.most_at_once == 1
    assert "has to wait: the queue is full" in caplog.text


def test_a_queue_that_takes_nothing_is_an_error(make):
    with pytest.raises(UserError, match=r"No job can be started\. the queue is full"):
        make(FakeExecutor(most=0)).run()


def test_a_queue_that_cannot_be_seen_is_waited_for(make, study):
    executor = FakeExecutor()
    poll, looks = executor.poll, iter(range(100))
    executor.poll = lambda jobs: None if next(looks) % 2 else poll(jobs)
    make(executor).run()
    assert states(study) == ["COMPLETE"] * 4


def test_the_id_of_a_job_is_noted_when_it_is_found(make, study, plan):
    study.ask(plan.space, 0, 10)
    executor = FakeExecutor()
    search = make(executor, n_trials=1)
    executor.submit(search.trials.job(0), [])  # by a sweep.py that was killed before it noted it
    looks = iter([None, 0])
    executor.ends = {0: lambda folder: None if next(looks) is None else finish(folder)}
    search.run()
    assert study.trials[0].user_attrs[JOB] == "j0"


@pytest.mark.parametrize("survives", [True, False])
def test_ctrl_c_says_what_goes_on(survives, make, study, caplog):
    def interrupt(folder):
        raise KeyboardInterrupt

    executor = FakeExecutor({0: lambda folder: None, 1: interrupt})
    executor.survives = survives
    executor.stop = lambda jobs: executor.alive.clear() or executor.stopped.extend(jobs)
    with pytest.raises(KeyboardInterrupt):
        make(executor).run()
    said = "The jobs go on" if survives else "trial 0, trial 1 save and end"
    assert re.search(f"{said}.*The same command continues the sweep", caplog.text)
    assert len(executor.stopped) == (0 if survives else 2)
    assert [t.state for t in study.trials].count(TrialState.RUNNING) == 2


def test_reports_are_written_now_and_then(make):
    search = make(FakeExecutor(), n_trials=7, slots=1, report_every=3)
    search.run()
    assert len(search.reports) == 3


def test_a_trial_that_no_job_was_started_for_goes_on_with_another_executor(make, study):
    with pytest.raises(UserError, match="the queue is full"):
        make(FakeExecutor(most=0), n_trials=2).run()
    other = FakeExecutor()
    other.kind = "other"
    make(other, n_trials=2).run()
    assert sorted(other.started) == [0, 1]
    assert states(study) == ["COMPLETE"] * 2
