"""A grid of runs: what is done is not done again, what fails takes nothing with it."""

from __future__ import annotations

import logging

import pytest
from fake_executor import FakeExecutor, fail, finish

from softsym.runs.errors import UserError
from softsym.runs.outcome import End
from softsym.sweeps.executors import SubmitError
from softsym.sweeps.grid.grid import Grid, GridRun


@pytest.fixture(autouse=True)
def _talk(caplog):
    caplog.set_level(logging.INFO)


def grid(folder, executor, runs=4, slots=2):
    each = [
        GridRun((f"seed={n}",), folder / "sweep" / str(n), "val/mse", f"seed={n}")
        for n in range(runs)
    ]
    return Grid(each, executor, ("train",), slots, "mine")


def test_all_are_run_a_few_at_a_time(tmp_path, caplog):
    executor = FakeExecutor()
    assert grid(tmp_path, executor).finish() == {}
    assert executor.started == [0, 1, 2, 3]
    assert executor.most_at_once == 2
    assert "4 of 4 runs finished, 0 failed" in caplog.text
    assert "finished: seed=3: val/mse 0.25" in caplog.text


def test_what_is_finished_is_not_run_again(tmp_path, caplog):
    for number in (1, 2):
        (tmp_path / "sweep" / str(number)).mkdir(parents=True)
        finish(tmp_path / "sweep" / str(number))
    executor = FakeExecutor()
    grid(tmp_path, executor).finish()
    assert executor.started == [0, 3]
    assert "4 runs, 2 of them finished before" in caplog.text
    again = FakeExecutor()
    grid(tmp_path, again).finish()
    assert again.started == []


def test_what_fails_is_told_with_its_last_words_and_tried_again_by_the_next(tmp_path, caplog):
    broken = grid(tmp_path, FakeExecutor({1: fail("no such thing"), 2: lambda folder: -9}))
    failed = broken.finish()
    assert [run.label for run in failed] == ["seed=1", "seed=2"]
    assert failed[broken.runs[2]].end == End.KILLED
    assert "failed: seed=1: no such thing" in caplog.text
    assert "killed by SIGKILL" in caplog.text
    assert "2 of 4 runs finished, 2 failed" in caplog.text
    executor = FakeExecutor()
    assert grid(tmp_path, executor).finish() == {}
    assert executor.started == [1, 2]


def test_jobs_of_a_launcher_that_was_killed_are_followed(tmp_path, caplog):
    looks = []

    def later(folder):
        looks.append(folder)
        return finish(folder) if len(looks) > 4 else None

    executor = FakeExecutor({0: later, 2: later})
    first = grid(tmp_path, executor)
    for number in (0, 2):
        executor.submit(first.runs[number].job, ())
    assert grid(tmp_path, executor).finish() == {}
    assert executor.started == [0, 2, 1, 3]
    assert "seed=0 still lives (job j0, running)" in caplog.text


def test_a_run_that_another_launcher_has_started_meanwhile_is_followed(tmp_path, caplog):
    class Late(FakeExecutor):
        """Another process starts run 1 just before this one would."""

        def submit(self, job, command):
            if job.folder.name == "1" and 1 not in self.started:
                super().submit(job, command)
                raise SubmitError("a process still runs in '1'")
            return super().submit(job, command)

    looks = []
    executor = Late({1: lambda folder: finish(folder) if len(looks) > 1 else looks.append(0)})
    assert grid(tmp_path, executor, slots=1).finish() == {}
    assert executor.started == [0, 1, 2, 3]
    assert "seed=1 still lives (job j1, running)" in caplog.text


def test_jobs_are_known_by_name_from_wherever_they_are_looked_at(tmp_path, monkeypatch):
    there = grid(tmp_path, FakeExecutor()).runs
    monkeypatch.chdir(tmp_path)
    here = grid(tmp_path.relative_to(tmp_path), FakeExecutor()).runs
    assert [run.job for run in here] == [run.job for run in there]
    assert len({run.job.name for run in there}) == 4


def test_a_full_queue_is_waited_for_and_none_at_all_is_an_error(tmp_path, caplog):
    executor = FakeExecutor(most=1)
    assert grid(tmp_path, executor).finish() == {}
    assert executor.most_at_once == 1
    assert "has to wait: the queue is full" in caplog.text
    with pytest.raises(UserError, match=r"No job can be started\. the queue is full"):
        grid(tmp_path / "other", FakeExecutor(most=0)).finish()


@pytest.mark.parametrize("survives", [True, False])
def test_ctrl_c_leaves_jobs_that_survive_and_stops_others(survives, tmp_path, caplog):
    def interrupt(folder):
        raise KeyboardInterrupt

    executor = FakeExecutor({0: interrupt})
    executor.survives = survives
    with pytest.raises(KeyboardInterrupt):
        grid(tmp_path, executor).finish()
    assert len(executor.stopped) == (0 if survives else 2)
    assert ("The jobs go on (j0, j1)" if survives else "seed=0, seed=1 save and end") in caplog.text


def test_a_checkpoint_that_was_asked_for_is_taken(tmp_path):
    commands = []

    class Listening(FakeExecutor):
        def submit(self, job, command):
            commands.append(command)
            return super().submit(job, command)

    run = GridRun(("ckpt_path=mine.ckpt",), tmp_path / "0", "val/mse", "one")
    Grid([run], Listening(), ("train",), 1, "mine").finish()
    grid(tmp_path, Listening(), runs=1).finish()
    assert [command[-1].partition("=")[0] for command in commands] == ["sweep", "ckpt_path"]
    assert commands[1][:2] == ["train", "seed=0"]
