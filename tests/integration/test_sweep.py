"""``sweep.py`` as a user runs it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")

ROOT = Path(__file__).resolve().parents[2]
FAKE = ROOT / "tests" / "sweeps" / "fake_train.py"
TINY = "logger=csv,threads=1,channels=16,datamodule.samples=64,datamodule.batch_size=32"
SHORT = (
    *("search.space.adjust_epoch.low=2", "search.space.adjust_epoch.high=6"),
    *("search.space.adjust_epoch.step=2", "search.overrides=[]", "search.pruning.min_epochs=14"),
    *("search.pruning.every_n_epochs=4", "+search.pruning.spared=2"),
    *(f"overrides=[trainer.max_epochs=30,{TINY}]",),
)


class Sweep:
    """Starts ``sweep.py`` on one folder."""

    def __init__(self, folder):
        self.folder = folder / "search"
        self.parent = folder

    def start(self, *arguments):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
        self.parent.mkdir(exist_ok=True)
        with (self.parent / "said").open("wb") as output:
            return subprocess.Popen(
                [sys.executable, str(ROOT / "sweep.py"), *arguments, f"folder={self.folder}"],
                cwd=self.parent,
                env=environment | {"COLUMNS": "120"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self):
        return (self.parent / "said").read_text()

    def __call__(self, *arguments, code=0):
        assert self.start(*arguments).wait(timeout=300) == code, self.said
        return self.said

    @property
    def study(self):
        from softsym.runs.optuna_journal import journal_storage

        storage = journal_storage(self.folder / "journal.log")
        return optuna.load_study(study_name="search", storage=storage)


@pytest.fixture
def sweep(tmp_path):
    return Sweep(tmp_path)


def until(happened, seconds=120):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_searches_prunes_and_can_be_extended(sweep):
    said = sweep("n_trials=2", "slots=2", *SHORT)
    values = [trial.value for trial in sweep.study.trials]
    for number, value in enumerate(values):
        metrics = json.loads((sweep.folder / "trials" / str(number) / "metrics.json").read_text())
        assert metrics["val/mse"] == value
    assert f"in trial {values.index(min(values))}" in said
    steps = [14, 18, 22, 26, 28, 30]
    assert [sorted(trial.intermediate_values) for trial in sweep.study.trials] == [steps] * 2
    poor = {"initial_strength": 100.0, "adjust_epoch": 6, "adjust_exponent": 1.0}
    sweep.study.enqueue_trial(poor | {"optimizer.lr": 1e-3})
    said = sweep("n_trials=3", "slots=2", *SHORT)
    assert said.count(" started") == 1
    assert "trial 2: pruned after 14 epochs at" in said
    assert {trial.state.name for trial in sweep.study.trials} == {"COMPLETE", "PRUNED"}
    left = {path.name for path in (sweep.folder / "trials" / "2").iterdir()}
    assert {"pruned.json", "checkpoints", "strengths.csv"} <= left
    assert not {"run.json", "metrics.json"} & left
    assert "Best val/mse" in (sweep.folder / "overview.html").read_text()


def test_killed_it_finds_its_trials_again_and_two_do_not_mix(sweep, tmp_path):
    go = tmp_path / "go"
    arguments = ("n_trials=3", "slots=2", f"command=[python,{FAKE},--until={go}]")
    first = sweep.start(*arguments)
    starts = [sweep.folder / "trials" / str(number) / "starts" for number in (0, 1)]
    until(lambda: all(path.exists() for path in starts) or first.poll() is not None)
    second = Sweep(tmp_path / "second")
    second.folder = sweep.folder
    assert "Another sweep.py works in" in second(*arguments, code=1)
    first.kill()
    first.wait()
    third = sweep.start(*arguments)
    until(lambda: sweep.said.count("still lives") == 2 or third.poll() is not None)
    go.write_text("")
    assert third.wait(timeout=120) == 0, sweep.said
    assert [trial.state.name for trial in sweep.study.trials] == ["COMPLETE"] * 3
    assert [len(path.read_text().split()) for path in starts] == [1, 1]
