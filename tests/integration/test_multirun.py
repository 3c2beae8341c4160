"""Sweeps on one machine: in one process, or as several."""

from __future__ import annotations

import json

import pytest

SWEEP = ("-m", "seed=0,1", "trainer.max_epochs=14")


def folders(train):
    return sorted(path for path in train.folder.glob("multirun/*/*") if path.is_dir())


def launch(train, *overrides):
    run = train.run(*SWEEP, *overrides)
    return run.returncode, run.output


@pytest.mark.parametrize("launcher", ["basic", pytest.param("local", marks=pytest.mark.slow)])
def test_one_failure_takes_nothing_with_it_and_nothing_is_run_twice(train, launcher):
    sweep = (f"hydra/launcher={launcher}", "monitor=val/foo,val/mse")
    code, output = launch(train, *sweep)
    assert code == 1
    assert "monitor=val/foo is not measured" in " ".join(output.split())
    assert "Traceback" not in output
    done = [folder for folder in folders(train) if (folder / "run.json").exists()]
    assert len(done) == 2
    times = [(folder / "run.json").stat().st_mtime_ns for folder in done]
    code, output = launch(train, f"hydra/launcher={launcher}", "monitor=val/mse")
    # other overrides are other runs: only the same ones are taken for done
    assert code == 0
    assert [(folder / "run.json").stat().st_mtime_ns for folder in done] == times
    assert ("finished before" if launcher == "local" else "Finished before") in output
    (command,) = {json.loads((done[0] / "run.json").read_text())["command"]}
    assert command.startswith("python ")
    command = command.removeprefix("python -m softsym.train ")
    assert "monitor=val/mse" in command
    assert " -m " not in command
    config = done[0] / "config.yaml"
    config.write_text(config.read_text().replace("channels: 16", "channels: 17"))
    code, output = launch(train, f"hydra/launcher={launcher}", "monitor=val/mse")
    assert code == 1
    assert "cannot be resumed with another config" in output


def test_without_slurm_the_launcher_says_so(train, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    code, output = launch(train, "hydra/launcher=slurm")
    assert code == 1
    assert "There is no sbatch here" in output
    assert "Traceback" not in output


def test_seeds_are_pooled_into_one_verdict(train):
    run = train.run("seeds=2", "trainer.max_epochs=14", "run_dir=several")
    assert run.returncode == 0, run.output
    assert {f.name for f in (train.folder / "several").iterdir() if f.is_dir()} == {
        "seed_0",
        "seed_1",
    }
    assert "in 2 of 2" in " ".join(run.output.split())
    assert "Verdicts over seeds" in (train.folder / "several" / "overview.html").read_text()
