"""Two nodes with two tasks each lose nothing and count each sample once."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from cluster.trainings import command, metrics, strengths, weights

LAST = "checkpoints/last.ckpt"
TWO_BY_TWO = ("--nodes=2", "--ntasks-per-node=2")
DISTRIBUTED = ("trainer=ddp_cpu", "trainer.num_nodes=2", "trainer.devices=2")
UNEVEN = ("datamodule.samples=62", "trainer.max_epochs=24")
"""Samples that four ranks cannot share evenly, in the last step and in the test."""


def run(folder):
    return f"run_dir={folder}", "ckpt_path=auto", *UNEVEN, "callbacks.last.every_n_epochs=2"


def rank_of(job, rank):
    """The process of one rank, as the machine knows it."""
    wanted = {f"SLURM_JOB_ID={job}", f"SLURM_PROCID={rank}", "SLURM_STEP_ID=0"}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            seen = set((process / "environ").read_bytes().decode().split("\0"))
            name = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if wanted <= seen and b"train.py" in name and not name.startswith(b"srun"):
            return int(process.name)
    raise AssertionError(f"job {job} has no rank {rank}")


@pytest.fixture(scope="module")
def folder(slurm, tmp_path_factory):
    """Four ranks that are preempted, and four of which one is killed and the job sent again."""
    folder = tmp_path_factory.mktemp("distributed")
    jobs = {}
    for how in ("preempted", "killed"):
        script = f"srun --kill-on-bad-exit=1 {command(*DISTRIBUTED, *run(folder / how))}"
        jobs[how] = slurm.sbatch(script, *TWO_BY_TWO, cwd=folder)
    for how, job in jobs.items():
        slurm.until(lambda how=how: (folder / how / LAST).exists(), 180, f"training of {how}")
        if how == "preempted":
            slurm.scancel(job, "TERM")
        else:
            os.kill(rank_of(job, 2), signal.SIGKILL)
    (dead,) = slurm.wait(jobs["killed"], timeout=120)
    assert dead["JobState"] == "FAILED"
    again = slurm.sbatch(script, *TWO_BY_TWO, cwd=folder)
    for job in (jobs["preempted"], again):
        (record,) = slurm.wait(job, timeout=180)
        assert record["JobState"] == "COMPLETED", slurm.output(job)
    return folder


def close(one, other):
    torch.testing.assert_close(weights(one), weights(other), rtol=1e-4, atol=1e-6)
    a, b = metrics(one), metrics(other)
    for name in a.keys() & b.keys():
        if name.startswith("test/equivariance_error/") and one.parent != other.parent:
            continue  # each rank draws group elements of its own
        assert b[name] == pytest.approx(a[name], rel=1e-4), name
    return a.keys() ^ b.keys()


def test_however_they_were_stopped_they_end_the_same(folder):
    assert not close(folder / "preempted", folder / "killed")
    for how in ("preempted", "killed"):
        assert len(strengths(folder / how)) == 1 + 24 * 4


def test_one_process_measures_what_four_have_measured(folder, slurm, tmp_path):
    """A sample counted twice, or not at all, would show: 62 are no multiple of four."""
    shutil.copytree(folder / "killed", tmp_path / "again")
    (tmp_path / "again" / "metrics.json").unlink()
    again = f"srun {command(*run(tmp_path / 'again'))}".replace("ckpt_path=auto", "ckpt_path=last")
    (record,) = slurm.wait(slurm.sbatch(again, cwd=folder), timeout=120)
    assert record["JobState"] == "COMPLETED"
    assert not close(folder / "killed", tmp_path / "again")


@pytest.mark.parametrize("how", ["preempted", "killed"])
def test_both_went_on_from_a_checkpoint_and_rank_zero_alone_wrote(folder, how):
    log = (folder / how / "train.log").read_text()
    assert "Resuming from" in log
    assert log.count("starting from the beginning") == 1
    # one table of steps for each of the two starts, of four ranks each
    assert len(list((folder / how / "csv").iterdir())) == 2
    assert [path.name for path in (folder / how).glob("*.log")] == ["train.log"]
