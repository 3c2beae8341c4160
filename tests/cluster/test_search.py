"""A search on SLURM, one trial of which is preempted, and one killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from cluster.trainings import ROOT, SMALL

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")

TRIALS = 3


def start(slurm, folder):
    fixed = [o for o in SMALL if not o.startswith("policy.")]
    return subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "sweep.py"), "search=quickstart", "executor=slurm"),
            *(f"n_trials={TRIALS}", f"slots={TRIALS}", f"folder={folder}", "search.pruning=null"),
            *("search.space.adjust_epoch.low=2", "search.space.adjust_epoch.high=6"),
            *("search.space.adjust_epoch.step=2", "executor.poll_seconds=0.5"),
            f"overrides=[{','.join([*fixed, 'callbacks.last.every_n_epochs=2'])}]",
        ],
        cwd=folder.parent,
        env=slurm.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def searched(slurm, tmp_path_factory):
    """Its folder, and what the second sweep.py said; the first was killed."""
    folder = tmp_path_factory.mktemp("search") / "mine"
    last = [folder / "trials" / str(n) / "checkpoints" / "last.ckpt" for n in range(2)]
    with start(slurm, folder) as first:
        for path in last:
            slurm.until(path.exists, 180, f"first checkpoint of {path.parts[-3]}")
        first.send_signal(signal.SIGKILL)
    names = {
        r["JobName"].rpartition("-")[2]: r["JobId"] for r in slurm.jobs() if "-" in r["JobName"]
    }
    slurm.scancel(names["0"], "USR1")
    slurm.scancel(names["1"], "KILL")
    again = start(slurm, folder)
    output, _ = again.communicate(timeout=300)
    assert again.returncode == 0, output
    return folder, output


def test_all_trials_have_their_results_and_were_begun_once(searched):
    from softsym.runs.optuna_journal import journal_storage

    folder, _ = searched
    storage = journal_storage(folder / "journal.log")
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).trials
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * TRIALS
    for trial in trials:
        run = folder / "trials" / str(trial.number)
        assert trial.value == json.loads((run / "metrics.json").read_text())["val/mse"]
        log = (run / "train.log").read_text()
        assert log.count("starting from the beginning") == 1
        assert ("Resuming from" in log) == (trial.number in (0, 1))


def test_the_second_sweep_found_what_was_running(searched):
    folder, output = searched
    assert "were running when sweep.py ended" in output
    assert (folder / "overview.html").exists()
